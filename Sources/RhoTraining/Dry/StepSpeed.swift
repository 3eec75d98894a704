import RhoCore
import RhoModels
import RhoTensor

/// How fast this machine trains a model, measured on a few steps of a slice of it.
///
/// The slice has the model's width, vocabulary and row length but at most two layers and few tokens, so that it takes a
/// fraction of a second and little memory. Time is taken to grow with the operations, which holds within some 30 %.
public struct StepSpeed: Sendable, Equatable {
    /// Forward and backward pass, seconds per floating-point operation.
    public var secondsPerOperation: Double
    /// One AdamW update, seconds per parameter.
    public var secondsPerParameter: Double

    public init(secondsPerOperation: Double, secondsPerParameter: Double) {
        self.secondsPerOperation = secondsPerOperation
        self.secondsPerParameter = secondsPerParameter
    }

    /// Operations of the measured pass: about a quarter of a second on two cores.
    private static let budget = 2e10

    /// Measures a slice of `config`; nil where even that would take more than half of the machine's memory.
    /// - Parameters:
    ///   - context: tokens in a row T.
    ///   - tokens: tokens of a whole batch B·T.
    public static func measure(_ config: ModelConfig, context: Int, tokens: Int) throws(RhoError) -> StepSpeed? {
        var slice = config
        slice.layers = min(config.layers, 2)
        slice.dropout = 0
        let perToken = slice.trainingFLOPsPerToken(context: context)
        let wanted = min(Double(tokens), max(32, budget / perToken))
        let row = max(1, min(context, Int(wanted)))
        let rows = max(1, Int(wanted) / row)
        guard slice.trainingMemory(tokens: rows * row).total < Machine.memoryBytes / 2 else { return nil }

        let model = try ModelCatalog.make(slice, seed: 0)
        let optimiser = try AdamW(model.parameters)
        var random = RandomStream(seed: 0, name: "speed")
        let ids = (0..<rows * row).map { _ in Int32(random.below(config.vocab)) }
        let grid = try TokenGrid(batch: rows, tokens: row, ids: ids)
        let gradient = try Tensor.from([Float](repeating: 1 / Float(ids.count), count: ids.count), [rows, row])

        func pass() throws(RhoError) {
            optimiser.zeroGrad()
            try model.loss(grid, targets: ids).backward(gradient: gradient)
        }
        try pass()
        try optimiser.step(lr: 0)
        let passSeconds = try time { () throws(RhoError) in try pass() }
        let updateSeconds = try time { () throws(RhoError) in try optimiser.step(lr: 0) }
        let operations = Double(ids.count) * slice.trainingFLOPsPerToken(context: row)
        return StepSpeed(
            secondsPerOperation: passSeconds / operations,
            secondsPerParameter: updateSeconds / Double(slice.parameterCount))
    }

    /// Seconds of one call; short ones are repeated.
    private static func time(_ body: () throws(RhoError) -> Void) throws(RhoError) -> Double {
        let start = Clock.monotonicSeconds()
        var count = 0
        while true {
            try body()
            count += 1
            let spent = Clock.monotonicSeconds() - start
            if spent > 0.05 || count == 20 { return spent / Double(count) }
        }
    }

    /// Seconds of a training.
    public func seconds(operations: Double, steps: Int, parameters: Int) -> Double {
        operations * secondsPerOperation + Double(steps) * Double(parameters) * secondsPerParameter
    }
}
