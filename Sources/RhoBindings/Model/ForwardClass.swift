import LuaRuntime
import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor

/// One forward pass as scripts hold it: the hidden states of a batch, and what is computed from them when asked.
final class ForwardBox {
    let model: any LanguageModel
    let batch: TokenBatch
    /// [N, D] after the last norm.
    let hidden: Tensor
    private var known: TokenLosses?

    /// Runs the layers of `box` on `batch`.
    init(_ box: ModelBox, _ batch: BatchBox) throws(RhoError) {
        model = try box.model()
        if let tokenizer = box.tokenizer, tokenizer.fingerprint != batch.loader.tokens.tokenizer.fingerprint {
            throw RhoError(.mismatch, "the batch was tokenised with another tokenizer than the model's")
        }
        self.batch = batch.batch
        // Dropout belongs to training, and training reads in shuffled order. It does not depend on whether a gradient is
        // recorded: a policy that looks at losses first must see those that are differentiated later.
        let dropout =
            box.config.dropout > 0 && batch.loader.loader.order != .sequential
            ? DropoutKey(seed: batch.loader.seed, step: batch.batch.step, part: batch.piece) : nil
        hidden = try model.hidden(self.batch.grid(), dropout: dropout)
        Work.add(box.config, positions: self.batch.ids.count, context: self.batch.width)
    }

    var shape: [Int] { [batch.rowCount, batch.width] }

    /// Losses, with the extras that `wanted` names. `evenly` where the gradient to come will be the same for all of them.
    func losses(_ wanted: [TokenColumn] = [], evenly: Bool = false) throws(RhoError) -> TokenLosses {
        var extras: TokenLossExtra = []
        if wanted.contains(.entropy) { extras.insert(.entropy) }
        if wanted.contains(.margin) { extras.insert(.margin) }
        if let known, extras.isEmpty { return known }
        let rows = try Fused.tokenLoss(
            hidden, head: model.headWeight, targets: batch.targets, extras: extras, evenly: evenly)
        let loss = if let known { known.loss } else { try rows.loss.reshape(shape) }
        let made = TokenLosses(
            loss: loss, entropy: try merged(known?.entropy, rows.entropy),
            margin: try merged(known?.margin, rows.margin))
        known = made
        return made
    }

    private func merged(_ earlier: Tensor?, _ rows: Tensor?) throws(RhoError) -> Tensor? {
        if let earlier { return earlier }
        return try rows?.reshape(shape)
    }

    /// Entropy or margin of each prediction, without gradient; computed from the hidden states where the losses came
    /// without it.
    func extra(_ column: TokenColumn) throws(RhoError) -> Tensor? {
        func of(_ losses: TokenLosses?) -> Tensor? { column == .entropy ? losses?.entropy : losses?.margin }
        if let ready = of(known) { return ready }
        return of(try Autograd.withoutGrad { () throws(RhoError) in try losses([column]) })
    }

    /// log Σ_v e^logit_v = loss + the target's logit, which takes one row of the head and no other logit.
    func logSumExp() throws(RhoError) -> Tensor {
        let loss = try losses().loss
        let rows = try Fused.embedding(ids: batch.targets.map { max(0, $0) }, model.headWeight)
        let targetLogit = try hidden.mul(rows).sum(1).reshape(shape)
        return try loss.add(targetLogit).mul(valid())
    }

    /// 1 where there is a target.
    func valid() throws(RhoError) -> Tensor { try Tensor.from(batch.targets.map { $0 >= 0 ? 1 : 0 }, shape) }

    /// Logits of the positions of one row, [T, V].
    func logits(row: Int) throws(RhoError) -> Tensor {
        try Fused.linear(hidden.slice(0, start: row * batch.width, count: batch.width), model.headWeight)
    }
}

/// Class `Forward`.
enum ForwardClass {
    static var declaration: LuaClassDeclaration<ForwardBox> {
        LuaClassDeclaration(
            "Forward",
            doc: """
                One forward pass of a model over a batch: for losses of one's own. Results are computed when asked for, carry a \
                gradient unless they say otherwise, and share the pass.
                """,
            methods: [
                tensor("loss", "Loss of each token, [rows, context], nats; 0 where there is nothing to predict.") {
                    try $0.losses().loss
                },
                tensor(
                    "logsumexp",
                    "Logarithm of the sum of e^logit at each position, [rows, context], without holding logits: its square is the z-loss; 0 where there is nothing to predict."
                ) { try $0.logSumExp() },
                tensor("entropy", "Entropy of each prediction, [rows, context], nats, without gradient.") {
                    try $0.extra(.entropy)
                },
                tensor(
                    "margin",
                    "Logit of the target minus the largest other logit, [rows, context], without gradient."
                ) { try $0.extra(.margin) },
                tensor("valid", "1 where there is a token to predict, else 0, [rows, context].") { try $0.valid() },
                tensor("hidden", "Hidden states after the last norm, [rows, context, dim].") {
                    try $0.hidden.reshape($0.shape + [$0.hidden.shape[1]])
                },
                logits, mapLogits,
            ], describe: { "forward pass over \($0.batch.rowCount) rows of \($0.batch.width) tokens" },
            byteCount: { $0.hidden.byteCount })
    }

    private static func tensor(
        _ name: String, _ doc: String, _ get: @escaping (ForwardBox) throws -> Tensor?
    ) -> LuaMethod<ForwardBox> {
        LuaMethod(name, doc: doc, returns: TensorClass.result) { box, _ in
            [try get(box).map { TensorValues.value($0) } ?? .nil]
        }
    }

    private static let rowField = LuaField("row", .integer(min: 1), doc: "row, from 1")

    private static func row(_ row: Int, _ box: ForwardBox) throws(RhoError) -> Int {
        guard (1...max(1, box.batch.rowCount)).contains(row) else {
            throw RhoError(.value, "row must be in 1 ... \(box.batch.rowCount), got \(row)")
        }
        return row - 1
    }

    private static var logits: LuaMethod<ForwardBox> {
        LuaMethod(
            "logits",
            doc:
                "Logits of one row, [context, vocabulary]; of the whole batch, [rows, context, vocabulary], where no row is named.",
            parameters: [rowField], returns: TensorClass.result
        ) { box, call in
            if let wanted = try call.optionalInt("row") {
                return [TensorValues.value(try box.logits(row: row(wanted, box)))]
            }
            let all = try Fused.linear(box.hidden, box.model.headWeight)
            return [TensorValues.value(try all.reshape(box.shape + [box.model.config.vocab]))]
        }
    }

    private static var mapLogits: LuaMethod<ForwardBox> {
        LuaMethod(
            "map_logits",
            doc: """
                A number for each position from its logits: fn(logits, row) gets those of one row, [context, vocabulary], and \
                returns [context]. Logits exist one row at a time, also for the gradient, for which fn is called once more; it \
                must give the same result then.
                """,
            parameters: [LuaField("fn", .function, required: true, doc: "fn(logits, row) -> tensor of [context]")],
            returns: [LuaResult(.object("Tensor"), "[rows, context]")],
            example: "local z = model:forward(batch):map_logits(function(logits) return logits:max(2) end)"
        ) { box, call in
            let function = try call.function("fn")
            let rows = try (0..<box.batch.rowCount).map { row throws(RhoError) in
                let part = try box.hidden.slice(0, start: row * box.batch.width, count: box.batch.width)
                return try Autograd.checkpoint(part) { (hidden) throws(RhoError) in
                    try apply(function, Fused.linear(hidden, box.model.headWeight), row: row, width: box.batch.width)
                }.reshape([1, box.batch.width])
            }
            return [TensorValues.value(try Tensor.concat(rows, axis: 0))]
        }
    }

    private static func apply(
        _ function: LuaFunction, _ logits: Tensor, row: Int, width: Int
    ) throws(RhoError) -> Tensor {
        let results: [LuaValue]
        do { results = try function.call([TensorValues.value(logits), .integer(row + 1)]) } catch {
            throw RhoError(.script, "map_logits: \(error)")
        }
        guard let tensor = results.first?.object(as: Tensor.self), tensor.shape.dims == [width] else {
            let got = results.first?.object(as: Tensor.self).map { "\($0.shape)" } ?? (results.first ?? .nil).display
            throw RhoError(.shape, "map_logits: the function must return a tensor of shape (\(width)), got \(got)")
        }
        return tensor
    }
}
