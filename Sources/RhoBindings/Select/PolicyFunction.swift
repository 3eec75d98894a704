import LuaRuntime
import RhoCore
import RhoSelection
import RhoTensor

/// What the function of a policy written in Lua sees: `t.loss`, `t.reference_loss`, ... as tensors.
final class PolicyFunction {
    let policy: PolicyBox
    /// The batch behind the columns; nil where a script handed the columns in itself.
    let batch: BatchBox?
    let loss: Tensor
    let moment: SelectionMoment
    private let given: [(name: String, tensor: Tensor)]

    init(
        policy: PolicyBox, batch: BatchBox?, loss: Tensor, moment: SelectionMoment,
        given: [(name: String, tensor: Tensor)] = []
    ) {
        self.policy = policy
        self.batch = batch
        self.loss = loss.detach()
        self.moment = moment
        self.given = given
    }

    var shape: [Int] { loss.shape.dims }

    /// Calls the function without recording, and checks what it returns.
    func weights(_ function: LuaFunction) throws -> [Float] {
        let view = LuaValue.object(self, class: "TokenView")
        let result = try Autograd.withoutGrad(rethrowing: { try function.call([view]) }).first ?? .nil
        guard let tensor = result.object(as: Tensor.self) else {
            throw RhoError(.value, "policy '\(policy.name)': weights must return a tensor, got \(result.typeName)")
        }
        guard tensor.shape.dims == shape else {
            throw RhoError(
                .shape,
                "policy '\(policy.name)': weights must return a tensor of shape \(loss.shape), got \(tensor.shape)")
        }
        return tensor.toArray()
    }

    /// A column as a tensor.
    func column(_ name: String) throws -> Tensor {
        if let own = given.first(where: { $0.name == name }) { return own.tensor.detach() }
        let column = TokenColumn(name)
        switch column {
        case .loss: return loss
        case TokenColumn("valid"): return try Tensor.from(valid(), shape)
        case .history: return try Tensor.from(history(), shape)
        case .excess where !policy.sources.supplies(column): return try loss.sub(self.column("reference_loss"))
        case .probability: return try loss.unary(.neg).unary(.exp)
        case .position: return try Tensor.from((0..<loss.count).map { Float($0 % shape[shape.count - 1]) }, shape)
        case .random:
            let stream = RandomStream(seed: moment.seed, name: "selection/random", step: UInt64(clamping: moment.step))
            let first = UInt64(clamping: batch?.tokenOffset ?? 0)
            return try Tensor.from(
                (0..<loss.count).map { Float(stream.bits(at: first + UInt64($0)) >> 40) * 0x1p-24 }, shape)
        default: break
        }
        let names = TokenColumn.standard.map(\.column.name) + policy.sources.names
        guard names.contains(name) else {
            throw RhoError(.value, "no token column is called '\(name)'\(suggestion(for: name, in: names))")
        }
        guard let batch, let values = try policy.values(of: column, batch) else {
            throw RhoError(
                .value, "the column \(name) is not there",
                hint: "reference columns need scores = rho.score { ... } in the policy")
        }
        return try Tensor.from(values, shape)
    }

    /// 1 where there is a token to predict, else 0.
    private func valid() -> [Float] {
        batch?.batch.targets.map { $0 >= 0 ? 1 : 0 } ?? [Float](repeating: 1, count: loss.count)
    }

    private func history() -> [Float] {
        let values = loss.toArray()
        return batch.map { policy.earlierLosses($0.batch, values) } ?? values
    }
}
