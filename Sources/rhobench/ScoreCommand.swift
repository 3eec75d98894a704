import ArgumentParser
import RhoCore

/// Scoring beside training: what reading a reference loss costs, and what the whole of selection costs.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Scoring and selective training against plain training, steps in turn.")

    @Argument(help: "nano, micro, mini or smol.")
    var shape: BenchShape

    @Option(help: "Measured steps of each.")
    var steps = 10

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let benches = try StepCommand.Mode.allCases.map { mode in (mode, try StepBench(shape: shape, mode: mode)) }
        var seconds: [[Double]] = benches.map { _ in [] }
        for round in 0..<max(1, steps) + 1 {
            for (index, bench) in benches.enumerated() {
                let time = try Timings(warmup: 0, runs: 1) { try bench.1.step() }.median
                if round > 0 { seconds[index].append(time) }
            }
        }
        var result: JSONObject = ["shape": .string(shape.rawValue)]
        var median: [StepCommand.Mode: Double] = [:]
        for (index, bench) in benches.enumerated() {
            let timings = Timings(seconds[index])
            median[bench.0] = timings.median
            result["\(bench.0.rawValue)_ms"] = .number(timings.median * 1e3)
            result["\(bench.0.rawValue)_ms_min"] = .number(timings.minimum * 1e3)
        }
        let clm = median[.clm] ?? .nan
        result["slm_over_clm"] = .number((median[.slm] ?? .nan) / clm)
        result["scoring_over_training"] = .number(clm / (median[.score] ?? .nan))
        print(JSON.object(result).serialized(pretty: !common.json))
    }
}
