import ArgumentParser
import RhoCore

/// How cost grows: step time with the batch and with the context, memory with the number of steps.
struct GrowthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "Step time over batch and context, resident memory over steps.")

    @Argument(help: "nano, micro, mini or smol.")
    var shape: BenchShape = .nano

    @Option(help: "Measured steps at each size.")
    var steps = 6

    @Option(help: "Steps of the memory measurement.")
    var memorySteps = 60

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let (rows, tokens) = shape.grid
        let batches = [1, 2, 4, 8].map { rows * $0 / 4 }.filter { $0 > 0 }
        let batch = try batches.map { try measure(rows: $0, tokens: tokens) }
        // The same number of tokens in longer rows: only attention grows, with the length of the row.
        let total = rows * tokens
        let contexts = [tokens / 2, tokens, 2 * tokens, 4 * tokens].filter { $0 <= total }
        let context = try contexts.map { try measure(rows: total / $0, tokens: $0) }
        let result: JSONObject = [
            "shape": .string(shape.rawValue), "batch": .array(batch), "context": .array(context),
            "memory": .array(try memory()),
        ]
        print(JSON.object(result).serialized(pretty: !common.json))
    }

    private func measure(rows: Int, tokens: Int) throws -> JSON {
        let bench = try StepBench(shape: shape, mode: .clm, rows: rows, tokens: tokens)
        let timings = try Timings(warmup: 2, runs: steps) { try bench.step() }
        return .object([
            "batch": .integer(Int64(rows)), "context": .integer(Int64(tokens)),
            "step_ms": .number(timings.median * 1e3), "step_ms_min": .number(timings.minimum * 1e3),
            "us_per_token": .number(timings.median * 1e6 / Double(rows * tokens)),
        ])
    }

    /// Resident memory after 2, 4, 8, … steps of selective training.
    private func memory() throws -> [JSON] {
        let bench = try StepBench(shape: shape, mode: .slm)
        var found: [JSON] = []
        var next = 2
        for step in 1...max(2, memorySteps) {
            try bench.step()
            guard step == next || step == memorySteps else { continue }
            found.append(.object(["step": .integer(Int64(step)), "rss_mib": .number(Machine.residentMiB)]))
            next *= 2
        }
        return found
    }
}
