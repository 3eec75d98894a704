import ArgumentParser
import RhoCore

/// One whole training step: forward, selection, backward, clipping, AdamW.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Training steps of one model shape on random tokens.")

    enum Mode: String, CaseIterable, ExpressibleByArgument {
        case clm, slm, score
    }

    @Argument(help: "nano, micro, mini or smol.")
    var shape: BenchShape

    @Option(help: "clm trains on every token, slm on the 60 % of highest excess loss, score only reads losses.")
    var mode: Mode = .clm

    @Option(help: "Measured steps, after two warm-up steps.")
    var steps = 10

    @Option(help: "Go on for this many seconds instead of a number of steps.")
    var seconds: Double?

    @Option(help: "Rows of a step (default: the shape's).")
    var batch: Int?

    @Option(help: "Tokens of a row.")
    var context: Int?

    @Flag(help: "Compute each layer again in the backward pass instead of keeping its activations.")
    var recompute = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard steps > 0, batch ?? 1 > 0, context ?? 1 > 0, seconds ?? 1 > 0 else {
            throw ValidationError("steps, seconds, batch and context must be above 0")
        }
    }

    func run() throws {
        common.apply()
        let result = try measure()
        if common.json {
            print(JSON.object(result).serialized())
        } else {
            for (key, value) in result.pairs { print("\(key): \(value.serialized())") }
        }
    }

    /// Steps and, between them, the yardstick, so that both see the same machine.
    private func measure() throws -> JSONObject {
        let bench = try StepBench(shape: shape, mode: mode, rows: batch, tokens: context, recompute: recompute)
        for _ in 0..<2 { try bench.step() }
        // Read before the yardstick takes memory of its own; later steps need no more than these.
        let resident = Machine.peakMiB
        let yardstick = Yardstick()
        let start = Clock.monotonicSeconds()
        var timings: [Double] = []
        while seconds.map({ Clock.monotonicSeconds() - start < $0 }) ?? (timings.count < steps) || timings.isEmpty {
            timings.append(try Timings(warmup: 0, runs: 1) { try bench.step() }.median)
            yardstick.sample()
        }
        return bench.report(Timings(timings), peakMiB: resident, yardstick: yardstick)
    }
}
