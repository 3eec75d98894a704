import Glibc
import RhoCore
import RhoTestSupport
import Testing

extension CommandLineTests {
    /// Damaged files of every format, and senseless calls of the Lua surface; `RHO_FUZZ` says how many of each.
    @Suite(.serialized) struct Fuzz {
        private static let formats = [
            "json", "safetensors", "gguf", "tokenizer", "config", "rows", "scores", "tokens", "state", "run", "events",
            "lua",
        ]

        @Test(arguments: formats) func nothingBreaks(_ format: String) throws {
            let count = getenv("RHO_FUZZ").flatMap { Int(String(cString: $0)) } ?? (format == "lua" ? 400 : 1000)
            let program = try Program(executable: "rhofuzz")
            // Other inputs on another day of the year would be a test that fails now and then: the seed stays.
            let outcome = try program.run(format, "--n", "\(count)", "--seed", "7", seconds: 60 + Double(count) / 20)
            #expect(outcome.status == 0, "\(outcome.out)\(outcome.err.suffix(2000))")
            #expect(outcome.out.hasPrefix("\(format): \(count) inputs, "), "\(outcome.out)")
        }
    }
}
