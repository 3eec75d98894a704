import LuaRuntime
import RhoCore
import RhoSelection
import RhoTensor

extension PolicyClass {
    /// `policy:apply`: the policy on columns the script has, without a model or a loader.
    static var apply: LuaMethod<PolicyBox> {
        LuaMethod(
            "apply",
            doc: """
                The weights the policy gives to tokens whose columns are handed in, and what their weighted losses are divided \
                by: for looking at a policy on observed losses, and for testing one on numbers worked out by hand.
                """,
            parameters: [
                LuaField(
                    "columns", .map(.object("Tensor")), required: true,
                    doc: "name = tensor, [rows, context] or [tokens], all alike; `valid` (0 or 1) marks padding"),
                LuaField("progress", .number(min: 0, max: 1), default: 0, doc: "share of the run done, for schedules"),
                LuaField("seed", .integer(min: 0), default: 0, doc: "for the column random and the rule sample"),
            ], returns: [LuaResult(.object("Tensor"), "weights"), LuaResult(.number(), "the divisor")],
            example:
                "local w = policy:apply { loss = rho.tensor.from { 1, 2, 3 }, reference_loss = rho.tensor.from { 1, 1, 1 } }"
        ) { box, call in
            let given = try call.record("columns").compactMap { name, value in
                value.object(as: Tensor.self).map { (name: name, tensor: $0) }
            }
            guard let shape = given.first?.tensor.shape.dims, (1...2).contains(shape.count) else {
                throw RhoError(.value, "columns must be tensors of shape [rows, context] or [tokens]")
            }
            for (name, tensor) in given where tensor.shape.dims != shape {
                throw RhoError(
                    .shape, "column \(name) has shape \(tensor.shape), \(given[0].name) has \(given[0].tensor.shape)")
            }
            box.remember(in: call.state)
            let moment = SelectionMoment(progress: try call.double("progress"), seed: UInt64(try call.int("seed")))
            let selection = try box.apply(given, shape: shape, at: moment)
            return [TensorValues.value(try Tensor.from(selection.weights, shape)), .number(selection.normaliser)]
        }
    }
}

extension PolicyBox {
    func apply(_ given: [(name: String, tensor: Tensor)], shape: [Int], at moment: SelectionMoment) throws -> Selection
    {
        let (rows, tokens) = shape.count == 2 ? (shape[0], shape[1]) : (1, shape[0])
        let valid = given.first { $0.name == "valid" }.map { $0.tensor.toArray().map { $0 != 0 } }
        var columns = try TokenColumns(rows: rows, tokens: tokens, valid: valid)
        for (name, tensor) in given where name != "valid" { try columns.set(TokenColumn(name), tensor.toArray()) }
        switch kind {
        case .rule(let policy):
            // The tokens handed in are the corpus.
            let whole =
                policy.scope == .corpus ? try policy.frozen { body throws(RhoError) in try body(columns) } : policy
            return try whole.select([columns], at: moment)
        case .function(let function, _, let normaliser):
            guard let loss = given.first(where: { $0.name == "loss" })?.tensor else {
                throw RhoError(.value, "policy '\(name)' is a function: give it at least the column loss")
            }
            let view = PolicyFunction(policy: self, batch: nil, loss: loss, moment: moment, given: given)
            return try Selection(weights: try view.weights(function), window: [columns], normaliser: normaliser)
        }
    }
}
