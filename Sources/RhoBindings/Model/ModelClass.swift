import LuaRuntime
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoSelection
import RhoTensor
import RhoTraining

/// Class `Model`.
enum ModelClass {
    static let records = [ModelGeneration.record, ModelSaving.record, ModelAdapters.record, ModelMemory.record]

    static var declaration: LuaClassDeclaration<ModelBox> {
        LuaClassDeclaration(
            "Model", doc: "A causal language model. rho.train never changes the model it is given; it trains a copy.",
            methods: [
                start, loss, forward, attention, clone, copyFrom, blend, parameters, count, flops, context, tokenizer,
                fingerprint, config,
                describe,
            ]
                + ModelText.methods + [ModelGeneration.method, ModelSaving.method, ModelMemory.method]
                + ModelAdapters.methods,
            describe: {
                let weights = $0.isFresh ? "no weights yet" : "\($0.config.parameterCount) parameters"
                return
                    "model \($0.config.family.rawValue) (\(weights), dim \($0.config.dim), \($0.config.layers) layers)"
            },
            byteCount: { $0.isFresh || $0.isStandIn ? 0 : $0.config.parameterCount * 4 }, release: { $0.release() })
    }

    private static let result = [LuaResult(.object("Model"), "the new model")]

    private static var start: LuaMethod<ModelBox> {
        LuaMethod(
            "start", doc: "A new model: weights from the seed where this one has none yet, else a copy of its weights.",
            parameters: [LuaField("seed", .integer(), required: true, doc: "seed of the weights")], returns: result
        ) { box, call in [try box.start(seed: UInt64(bitPattern: Int64(call.int("seed")))).value] }
    }

    private static var loss: LuaMethod<ModelBox> {
        LuaMethod(
            "loss",
            doc: """
                Loss of each token of a batch, [rows, context], in nats, with its gradient history; 0 where there is nothing \
                to predict. Give the policy too where it ranks by entropy or margin of this model: they are computed on the way.
                """,
            parameters: [
                LuaField("batch", .object("Batch"), required: true, doc: "the batch"),
                LuaField("policy", .object("Policy"), doc: "policy whose columns are wanted"),
            ], returns: [LuaResult(.object("Tensor"), "losses")], example: "local losses = model:loss(batch, policy)"
        ) { box, call in
            let batch = try call.object("batch", as: BatchBox.self)
            let policy = try call.optionalObject("policy", as: PolicyBox.self)
            let pass = try run(box, batch, for: policy, evenly: policy?.weighsEvenly ?? false)
            return [TensorValues.value(try pass.losses().loss)]
        }
    }

    private static var forward: LuaMethod<ModelBox> {
        LuaMethod(
            "forward",
            doc: """
                One forward pass over a batch, for losses of one's own: its loss, log-sum-exp, entropies, logits and hidden \
                states. pass:loss() is model:loss(batch), bit for bit.
                """,
            parameters: [
                LuaField("batch", .object("Batch"), required: true, doc: "the batch"),
                LuaField("policy", .object("Policy"), doc: "policy whose columns are wanted"),
            ], returns: [LuaResult(.object("Forward"), "the pass")],
            example: "local pass = model:forward(batch); local z = pass:logsumexp():square():mean()"
        ) { box, call in
            let pass = try run(
                box, call.object("batch", as: BatchBox.self), for: call.optionalObject("policy", as: PolicyBox.self))
            return [.object(pass, class: "Forward")]
        }
    }

    /// A pass with its losses; leaves on the batch what the policy may ask for.
    private static func run(
        _ box: ModelBox, _ batch: BatchBox, for policy: PolicyBox?, evenly: Bool = false
    ) throws(RhoError) -> ForwardBox {
        let pass = try ForwardBox(box, batch)
        batch.model = box
        let losses = try pass.losses(policy?.requiredColumns ?? [], evenly: evenly)
        guard let policy else { return pass }
        batch.columns[.entropy] = losses.entropy?.toArray()
        batch.columns[.margin] = losses.margin?.toArray()
        // Hidden states of every piece of a large batch would be much to hold for a policy that has said what it reads.
        batch.pass = policy.readsOnDemand ? pass : nil
        return pass
    }

    private static var attention: LuaMethod<ModelBox> {
        LuaMethod(
            "attention",
            doc: """
                Share of attention that each predicting position pays to prompt tokens, [rows, context], in [0, 1], mean over \
                the heads of a layer, without gradient. Costs a forward pass.
                """,
            parameters: [
                LuaField("batch", .object("Batch"), required: true, doc: "a batch with prompts"),
                LuaField("layer", .integer(min: 1), doc: "layer, from 1 (default: the last)"),
            ], returns: [LuaResult(.object("Tensor"), "shares")]
        ) { box, call in
            let batch = try call.object("batch", as: BatchBox.self)
            guard batch.loader.loader.corpus.hasPrompts else {
                throw RhoError(
                    .value, "the text has no prompts to attend to",
                    hint: "rho.data.jsonl { prompt = \"{question}\\n\", ... }, or documents with spans labelled prompt")
            }
            let layer = try call.optionalInt("layer") ?? box.config.layers
            let none = [Bool](repeating: false, count: batch.batch.ids.count)
            let grid = try batch.batch.grid()
            return try Autograd.withoutGrad(rethrowing: {
                Work.add(box.config, positions: grid.count, context: grid.tokens)
                return [
                    TensorValues.value(
                        try box.model().attention(grid, toMarked: batch.batch.prompt ?? none, layer: layer - 1))
                ]
            })
        }
    }

    private static var clone: LuaMethod<ModelBox> {
        LuaMethod("clone", doc: "A model with the same weights, sharing no memory.", returns: result) { box, _ in
            [box.box(try box.model().clone()).value]
        }
    }

    private static var copyFrom: LuaMethod<ModelBox> {
        LuaMethod(
            "copy_from", doc: "Takes over all weights of another model of the same architecture.",
            parameters: [LuaField("other", .object("Model"), required: true, doc: "the other model")]
        ) { box, call in
            try box.model().copyWeights(from: call.object("other", as: ModelBox.self).model())
            return []
        }
    }

    private static var blend: LuaMethod<ModelBox> {
        LuaMethod(
            "blend",
            doc: """
                Moves every weight towards another model's of the same architecture: w = (1 - share) w + share w'. Once a step \
                it makes this model the exponential mean of the other.
                """,
            parameters: [
                LuaField("other", .object("Model"), required: true, doc: "the other model"),
                LuaField("share", .number(min: 0, max: 1), required: true, doc: "the other's share"),
            ], example: "local mean = model:clone(); mean:blend(model, 0.01)"
        ) { box, call in
            let other = try call.object("other", as: ModelBox.self).model()
            try box.model().blendWeights(with: other, share: Float(call.double("share")))
            return []
        }
    }

    private static var parameters: LuaMethod<ModelBox> {
        LuaMethod(
            "parameters", doc: "The trainable tensors in a fixed order.",
            returns: [LuaResult(.list(.table), "{ { name =, shape =, count =, decays =, tensor = }, ... }")]
        ) { box, _ in
            [
                .list(
                    try box.model().parameters.map { parameter in
                        .record([
                            ("name", .string(parameter.name)), ("shape", .list(parameter.tensor.shape.dims)),
                            ("count", .integer(parameter.count)), ("decays", .boolean(parameter.decays)),
                            ("tensor", TensorValues.value(parameter.tensor)),
                        ])
                    })
            ]
        }
    }

    private static var count: LuaMethod<ModelBox> {
        LuaMethod(
            "parameter_count", doc: "Trainable numbers; a tied head counts once.",
            returns: [LuaResult(.integer(), "the count")]
        ) { box, _ in
            [.integer(box.config.parameterCount)]
        }
    }

    private static var flops: LuaMethod<ModelBox> {
        LuaMethod(
            "flops_per_token",
            doc: "Floating-point operations of one token's forward and backward pass, or of the forward pass alone.",
            parameters: [
                LuaField(
                    "context", .integer(min: 1), unit: "tokens", doc: "tokens in a row (default: the model's context)"),
                LuaField(
                    "kind", .oneOf(["training", "forward"]), default: "training",
                    doc: "with or without the backward pass"),
            ], returns: [LuaResult(.number(), "operations")]
        ) { box, call in
            let context = try call.optionalInt("context") ?? box.config.context
            let training = box.config.trainingFLOPsPerToken(context: context)
            let forward = box.config.forwardFLOPsPerToken(context: context)
            return [.number(try call.string("kind") == "forward" ? forward : training)]
        }
    }

    private static var context: LuaMethod<ModelBox> {
        LuaMethod("context", doc: "Longest row.", returns: [LuaResult(.integer(), "tokens")]) { box, _ in
            [.integer(box.config.context)]
        }
    }

    private static var tokenizer: LuaMethod<ModelBox> {
        LuaMethod(
            "tokenizer", doc: "The tokenizer, or nil.", returns: [LuaResult(.object("Tokenizer"), "the tokenizer")]
        ) { box, _ in
            [box.tokenizer.map { TokenizerBox($0).value } ?? .nil]
        }
    }

    private static var fingerprint: LuaMethod<ModelBox> {
        LuaMethod(
            "fingerprint", doc: "SHA-256 of architecture and weights.", returns: [LuaResult(.string, "hexadecimal")]
        ) { box, _ in
            [.string(try box.fingerprint())]
        }
    }

    private static var config: LuaMethod<ModelBox> {
        LuaMethod(
            "config", doc: "The architecture under Hugging Face's names.", returns: [LuaResult(.table, "the table")]
        ) { box, _ in
            [LuaValue(json: box.config.toHF())]
        }
    }

    private static var describe: LuaMethod<ModelBox> {
        LuaMethod(
            "describe", doc: "Sizes, parameters, operations per token and memory for a training batch.",
            parameters: [
                LuaField(
                    "tokens", .integer(min: 1), unit: "tokens", doc: "tokens of a training batch (default: 32 rows)")
            ],
            returns: [LuaResult(.table, "the table")]
        ) { box, call in
            let config = box.config
            let memory = config.trainingMemory(tokens: try call.optionalInt("tokens") ?? 32 * config.context)
            return [
                .record([
                    ("family", .string(config.family.rawValue)), ("dim", .integer(config.dim)),
                    ("layers", .integer(config.layers)),
                    ("heads", .integer(config.heads)), ("kv_heads", .integer(config.kvHeads)),
                    ("ff", .integer(config.ffWidth)),
                    ("context", .integer(config.context)), ("vocab_size", .integer(config.vocab)),
                    ("tied", .boolean(config.tied)),
                    ("dropout", .number(config.dropout)), ("parameters", .integer(config.parameterCount)),
                    ("has_weights", .boolean(!box.isFresh)),
                    ("flops_per_token", .number(config.trainingFLOPsPerToken(context: config.context))),
                    ("training_bytes", .integer(memory.total)), ("text", .string(config.describe())),
                ])
            ]
        }
    }
}
