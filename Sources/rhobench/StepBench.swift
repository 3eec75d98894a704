import RhoCore
import RhoKernels
import RhoModels
import RhoSelection
import RhoTensor

/// The state of a measured training run.
final class StepBench {
    private let shape: BenchShape
    private let mode: StepCommand.Mode
    private let model: any LanguageModel
    private let optimizer: AdamW?
    private let grid: TokenGrid
    private let targets: [Int32]
    private let reference: [Float]
    private let policy: SelectionPolicy
    private var stepNumber = 0

    /// A model of `shape` with rows and tokens of a step as given or as the shape has them.
    init(
        shape: BenchShape, mode: StepCommand.Mode, rows: Int? = nil, tokens: Int? = nil, recompute: Bool = false
    ) throws {
        self.shape = shape
        self.mode = mode
        let rows = rows ?? shape.grid.rows
        let tokens = tokens ?? shape.grid.tokens
        var config = try shape.config()
        config.context = max(config.context, tokens)
        model = try ModelCatalog.make(config, seed: 0)
        model.recompute = recompute
        optimizer = mode == .score ? nil : try AdamW(model.parameters)
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
        guard let optimizer else {
            _ = try Autograd.withoutGrad { () throws(RhoError) in try model.loss(grid, targets: targets) }
            return
        }
        let loss_BT = try model.loss(grid, targets: targets, evenly: mode == .clm)
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
    func report(_ timings: Timings, peakMiB: Double, yardstick: Yardstick) -> JSONObject {
        let perToken =
            mode == .score
            ? model.forwardFLOPsPerToken(context: grid.tokens) : model.trainingFLOPsPerToken(context: grid.tokens)
        let gflops = perToken * Double(grid.count) / timings.median / 1e9
        return [
            "shape": .string(shape.rawValue), "mode": .string(mode.rawValue), "batch": .integer(Int64(grid.batch)),
            "context": .integer(Int64(grid.tokens)), "parameters": .integer(Int64(model.parameterCount)),
            "steps": .integer(Int64(timings.sorted.count)),
            "tokens_per_second": .number(Double(grid.count) / timings.median),
            "step_ms": .number(timings.median * 1e3), "step_ms_min": .number(timings.minimum * 1e3),
            "step_ms_max": .number(timings.maximum * 1e3), "gflops": .number(gflops),
            "sgemm_peak_gflops": .number(yardstick.gflops), "openblas_peak_gflops": .number(yardstick.openBLAS),
            "share_of_peak": .number(gflops / yardstick.gflops),
            "peak_rss_mib": .number(peakMiB), "threads": .integer(Int64(Parallel.threadCount)),
            "processor": .string(Processor.description),
        ]
    }
}
