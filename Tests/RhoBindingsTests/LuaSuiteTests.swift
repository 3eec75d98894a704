import Glibc
import RhoBindings
import RhoCore
import RhoTestSupport
import Testing

/// Tests of the Lua surface run one after the other: the environment, the engine's threads and the program's signals
/// belong to the whole process.
@Suite(.serialized) struct SurfaceTests {}

/// Every `lua/*_spec.lua` as one test; what failed is in the message, as TAP.
extension SurfaceTests {
    @Suite(.serialized) struct LuaSuites {
        static let folder = Files.parent(of: #filePath) + "/lua"

        static var suites: [String] {
            ((try? Files.list(folder)) ?? []).filter { $0.hasSuffix("_spec.lua") }
        }

        @Test(arguments: suites)
        func suite(_ name: String) throws {
            let directory = try TemporaryDirectory()
            setenv("RHO_TEST_DIR", directory.path, 1)
            var options = HostOptions()
            options.script = "\(Self.folder)/\(name)"
            options.cacheDirectory = directory.file("cache")
            options.quiet = true
            var output = ""
            let host = try ScriptHost(options) { output += $0 }
            let failures = try host.runSpecs([options.script ?? name])
            let failed = output.split(separator: "\n").filter { $0.hasPrefix("not ok") || $0.hasPrefix("#") }
            #expect(failures == 0, "\(failed.joined(separator: "\n"))")
            #expect(output.contains("ok 1 - "), "the suite ran no test")
        }
    }
}
