import ArgumentParser
import RhoCore
import RhoKernels
import RhoModels
import RhoSelection
import RhoTensor

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

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let bench = try StepBench(shape: shape, mode: mode)
        let timings = try Timings(warmup: 2, runs: steps) { try bench.step() }
        let resident = Machine.peakMiB
        let result = bench.report(timings, peakMiB: resident, sgemmPeak: Machine.sgemmPeak())
        if common.json {
            print(JSON.object(result).serialized())
        } else {
            for (key, value) in result.pairs { print("\(key): \(value.serialized())") }
        }
    }
}

/// The state of a measured training run.
final class StepBench {
    private let shape: BenchShape
    private let mode: StepCommand.Mode
    private let model: any LanguageModel
    private let optimizer: AdamW
    private let grid: TokenGrid
    private let targets: [Int32]
    private let reference: [Float]
    private let policy: SelectionPolicy
    private var stepNumber = 0

    init(shape: BenchShape, mode: StepCommand.Mode) throws {
        self.shape = shape
        self.mode = mode
        let config = try shape.config()
        model = try ModelCatalog.make(config, seed: 0)
        optimizer = try AdamW(model.parameters)
        let (rows, tokens) = shape.grid
        var random = RandomStream(seed: 0, name: "bench")
        let ids = (0..<rows * (tokens + 1)).map { _ in Int32(random.below(config.vocab)) }
        grid = try TokenGrid(
            batch: rows, tokens: tokens,
            ids: (0..<rows).flatMap { row in ids[row * (tokens + 1)..<row * (tokens + 1) + tokens] })
        targets = (0..<rows).flatMap { row in ids[row * (tokens + 1) + 1..<(row + 1) * (tokens + 1)] }
        reference = (0..<rows * tokens).map { _ in Float(random.uniform() * 5) }
        policy = try SelectionCatalog.named("excess_loss").make(PolicyOptions(keep: KeepSchedule(0.6)))
    }

    func step() throws {
        if mode == .score {
            _ = try Autograd.withoutGrad { () throws(RhoError) in try model.loss(grid, targets: targets) }
            return
        }
        let loss_BT = try model.loss(grid, targets: targets)
        let weights = try weights(loss_BT)
        try loss_BT.backward(gradient: Tensor.from(weights, [grid.batch, grid.tokens]))
        stepNumber += 1
        _ = try optimizer.step(lr: 1e-3, clip: 1)
        optimizer.zeroGrad()
    }

    /// Gradient of the mean selected loss with respect to each token's loss.
    private func weights(_ loss_BT: Tensor) throws -> [Float] {
        let count = grid.count
        guard mode == .slm else { return [Float](repeating: 1 / Float(count), count: count) }
        var columns = try TokenColumns(rows: grid.batch, tokens: grid.tokens)
        try columns.set(.loss, loss_BT.toArray())
        try columns.set(.referenceLoss, reference)
        let selection = try policy.select([columns], at: SelectionMoment(step: stepNumber))
        return selection.lossGradient(of: 0)
    }

    /// The figures of a run, as `rhobench step --json` prints them.
    func report(_ timings: Timings, peakMiB: Double, sgemmPeak: Double) -> JSONObject {
        let perToken = mode == .score
            ? model.forwardFLOPsPerToken(context: grid.tokens) : model.trainingFLOPsPerToken(context: grid.tokens)
        let gflops = perToken * Double(grid.count) / timings.median / 1e9
        return [
            "shape": .string(shape.rawValue), "mode": .string(mode.rawValue),
            "tokens_per_second": .number(Double(grid.count) / timings.median),
            "step_ms": .number(timings.median * 1e3), "step_ms_min": .number(timings.minimum * 1e3),
            "step_ms_max": .number(timings.maximum * 1e3), "gflops": .number(gflops),
            "sgemm_peak_gflops": .number(sgemmPeak), "share_of_peak": .number(gflops / sgemmPeak),
            "peak_rss_mib": .number(peakMiB), "threads": .integer(Int64(Parallel.threadCount)),
            "processor": .string(Processor.description),
        ]
    }
}
