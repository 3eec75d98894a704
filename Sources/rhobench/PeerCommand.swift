import ArgumentParser
import Foundation
import RhoCore

/// Ours and PyTorch's steps in turn, and the ratios, on the same machine in the same run.
struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Training steps here and in PyTorch, in turn, with ratios.")

    @Option(help: "Shapes to measure.")
    var shapes: [BenchShape] = [.nano, .micro]

    @Option(help: "Modes to measure: clm, slm.")
    var modes: [String] = ["clm", "slm"]

    @Option(help: "Times each side is run, in turn; medians are reported, of the ratios the range too.")
    var rounds = 3

    @Option(help: "Measured steps a run.")
    var steps = 8

    @Option(help: "Python that has the packages of docs/benchmarks/peer/requirements.txt.")
    var python = "python3"

    @Option(help: "The peer script.")
    var script = "docs/benchmarks/peer/torch_step.py"

    @Flag(help: "Also torch.compile.")
    var compile = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var rows: [JSON] = []
        for shape in shapes {
            for mode in modes { rows.append(.object(try compare(shape, mode: mode))) }
        }
        if common.json {
            print(JSON.array(rows).serialized())
        } else {
            print(Self.table(rows))
        }
    }

    private func compare(_ shape: BenchShape, mode: String) throws -> JSONObject {
        let threads = common.threads.map { ["--threads", String($0)] } ?? []
        var ours: [JSON] = []
        var eager: [JSON] = []
        var compiled: [JSON] = []
        for _ in 0..<rounds {
            ours.append(
                try ChildProcess.json(
                    CommandLine.arguments[0],
                    ["step", shape.rawValue, "--mode", mode, "--steps", String(steps), "--json"] + threads))
            let peer = [script, shape.rawValue, "--mode", mode, "--steps", String(steps)] + threads
            eager.append(try ChildProcess.json(python, peer))
            if compile { compiled.append(try ChildProcess.json(python, peer + ["--compile"])) }
        }
        func values(_ runs: [JSON], _ key: String) -> Timings { Timings(runs.compactMap { $0[key]?.doubleValue }) }
        /// Ratios of runs that followed each other.
        func ratios(_ peer: [JSON], _ key: String) -> Timings {
            Timings(zip(ours, peer).map { ($0[key]?.doubleValue ?? .nan) / ($1[key]?.doubleValue ?? .nan) })
        }
        var row: JSONObject = ["shape": .string(shape.rawValue), "mode": .string(mode), "rounds": JSON(rounds)]
        for key in ["tokens_per_second", "gflops", "sgemm_peak_gflops", "share_of_peak", "peak_rss_mib"] {
            row[key] = .number(values(ours, key).median)
        }
        row["torch"] = eager.first?["versions"]?["torch"] ?? .null
        row["torch_tokens_per_second"] = .number(values(eager, "tokens_per_second").median)
        row["torch_peak_rss_mib"] = .number(values(eager, "peak_rss_mib").median)
        let speed = ratios(eager, "tokens_per_second")
        row["speed_ratio"] = .number(speed.median)
        row["speed_ratio_min"] = .number(speed.minimum)
        row["speed_ratio_max"] = .number(speed.maximum)
        row["memory_ratio"] = .number(ratios(eager, "peak_rss_mib").median)
        if compile {
            row["compiled_tokens_per_second"] = .number(values(compiled, "tokens_per_second").median)
            row["speed_ratio_compiled"] = .number(ratios(compiled, "tokens_per_second").median)
        }
        return row
    }

    /// The rows as a Markdown table.
    static func table(_ rows: [JSON]) -> String {
        let columns = [
            ("shape", "shape"), ("mode", "mode"), ("tokens_per_second", "tok/s"),
            ("torch_tokens_per_second", "PyTorch"),
            ("speed_ratio", "ratio"), ("speed_ratio_min", "lowest"), ("speed_ratio_max", "highest"),
            ("speed_ratio_compiled", "ratio, compiled"), ("gflops", "GFLOP/s"),
            ("sgemm_peak_gflops", "sgemm peak"), ("share_of_peak", "of peak"), ("peak_rss_mib", "RSS MiB"),
            ("torch_peak_rss_mib", "PyTorch RSS"), ("memory_ratio", "of it"),
        ].filter { key, _ in rows.contains { $0[key] != nil } }
        func cell(_ value: JSON?) -> String {
            guard let value else { return "" }
            guard let number = value.doubleValue else { return value.stringValue ?? "" }
            return abs(number) >= 100 ? String(Int(number.rounded())) : String((number * 100).rounded() / 100)
        }
        var lines = [
            "| " + columns.map(\.1).joined(separator: " | ") + " |", "|" + columns.map { _ in "---|" }.joined(),
        ]
        lines += rows.map { row in "| " + columns.map { cell(row[$0.0]) }.joined(separator: " | ") + " |" }
        return lines.joined(separator: "\n")
    }
}
