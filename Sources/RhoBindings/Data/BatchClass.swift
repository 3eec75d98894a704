import LuaRuntime
import RhoCore
import RhoData
import RhoSelection
import RhoTensor
import RhoTraining

/// A batch, or a piece of one, as scripts hold it.
final class BatchBox {
    let batch: TokenBatch
    let loader: LoaderBox
    /// Which piece of how many the batch was cut into; (0, 1) for a whole batch.
    let piece: Int
    let pieces: Int
    /// Positions of the pieces before this one.
    let tokenOffset: Int
    /// Columns that the model's forward pass left here on request.
    var columns: [TokenColumn: [Float]] = [:]
    /// The model that last computed its losses.
    var model: ModelBox?
    /// The pass that computed them, for columns that were not asked for ahead; let go once a policy has chosen.
    var pass: ForwardBox?
    /// The pieces of the last split, so that asking again gives the same objects with their columns.
    private var lastSplit: [BatchBox] = []

    init(_ batch: TokenBatch, loader: LoaderBox, piece: Int, pieces: Int, tokenOffset: Int) {
        self.batch = batch
        self.loader = loader
        self.piece = piece
        self.pieces = pieces
        self.tokenOffset = tokenOffset
    }

    /// Step counted from 1.
    var step: Int { batch.step + 1 }

    /// The batch cut into `count` pieces of whole rows, as even as they go.
    func split(_ count: Int) throws(RhoError) -> [BatchBox] {
        guard pieces == 1 else { throw RhoError(.value, "a piece of a batch cannot be split again") }
        guard count <= batch.rowCount else {
            throw RhoError(.value, "a batch of \(batch.rowCount) rows cannot be split into \(count) pieces")
        }
        if lastSplit.count == count { return lastSplit }
        lastSplit = (0..<count).map { index in
            let rows = batch.rowCount * index / count..<batch.rowCount * (index + 1) / count
            return BatchBox(
                batch.slice(rows: rows), loader: loader, piece: index, pieces: count,
                tokenOffset: rows.lowerBound * batch.width)
        }
        return lastSplit
    }
}

extension BatchBox {
    /// Another batch in this one's place.
    fileprivate func sibling(_ batch: TokenBatch) -> BatchBox {
        BatchBox(batch, loader: loader, piece: piece, pieces: pieces, tokenOffset: tokenOffset)
    }
}

/// Class `Batch`.
enum BatchClass {
    static var declaration: LuaClassDeclaration<BatchBox> {
        LuaClassDeclaration(
            "Batch", doc: "Rows of tokens for one step: what the model reads and what it predicts.",
            methods: [
                tensor("ids", "Token ids that the model reads, [rows, context].") { $0.batch.ids.map(Float.init) },
                tensor("targets", "Token ids that it predicts, [rows, context]; -1 where there is nothing to predict.")
                {
                    $0.batch.targets.map(Float.init)
                },
                tensor(
                    "labels",
                    "Ground truth of the targets, [rows, context]: 0 useful, 1 noise, 2 wrong; nil if unknown."
                ) {
                    $0.batch.labels?.map(Float.init)
                },
                tensor(
                    "prompt",
                    "1 where the token read is part of a prompt, else 0, [rows, context]; nil where the batch has none."
                ) { $0.batch.prompt?.map { $0 ? 1 : 0 } },
                text, split, short, withoutPrompt, describe,
            ],
            properties: [
                property("step", "Step, counted from 1.") { $0.step },
                property("rows", "Rows.") { $0.batch.rowCount },
                property("context", "Tokens of a row.") { $0.batch.width },
                property("tokens", "Targets that are there to predict.") { $0.batch.validCount },
            ], describe: { "batch of step \($0.step) (\($0.batch.rowCount) rows of \($0.batch.width) tokens)" },
            byteCount: { $0.batch.ids.count * 8 })
    }

    private static func property(_ name: String, _ doc: String, _ get: @escaping (BatchBox) -> Int) -> LuaProperty<
        BatchBox
    > {
        LuaProperty(name, .integer(), doc: doc) { .integer(get($0)) }
    }

    private static func tensor(_ name: String, _ doc: String, _ values: @escaping (BatchBox) -> [Float]?) -> LuaMethod<
        BatchBox
    > {
        LuaMethod(name, doc: doc, returns: [LuaResult(.object("Tensor"), "the tensor")]) { box, _ in
            guard let values = values(box) else { return [.nil] }
            return [TensorValues.value(try Tensor.from(values, [box.batch.rowCount, box.batch.width]))]
        }
    }

    private static var text: LuaMethod<BatchBox> {
        LuaMethod(
            "text", doc: "The text of a row.",
            parameters: [LuaField("row", .integer(min: 1), required: true, doc: "row, from 1")],
            returns: [LuaResult(.string, "the text")]
        ) { box, call in
            let row = try call.int("row")
            guard row <= box.batch.rowCount else {
                throw RhoError(.value, "row must be in 1 ... \(box.batch.rowCount), got \(row)")
            }
            let start = (row - 1) * box.batch.width
            let valid = box.batch.rows[row - 1].map { box.loader.loader.length(of: $0) } ?? 0
            return [.bytes(box.loader.tokens.tokenizer.decode(box.batch.ids[start..<start + valid]))]
        }
    }

    private static var split: LuaMethod<BatchBox> {
        LuaMethod(
            "split",
            doc: "The batch in n pieces of whole rows, to save memory; policies know that they belong together.",
            parameters: [LuaField("n", .integer(min: 1), required: true, doc: "number of pieces")],
            returns: [LuaResult(.list(.object("Batch")), "the pieces")]
        ) { box, call in [.list(try box.split(call.int("n")).map { .object($0, class: "Batch") })] }
    }

    private static var short: LuaMethod<BatchBox> {
        LuaMethod(
            "short",
            doc:
                "The same tokens with short contexts: the row is cut into blocks of n positions that do not see each other.",
            parameters: [LuaField("n", .integer(min: 1), required: true, unit: "tokens", doc: "positions of a block")],
            returns: [LuaResult(.object("Batch"), "the batch")],
            example: "local near = model:loss(batch:short(32))"
        ) { box, call in
            let block = Int32(clamping: try call.int("n"))
            var batch = box.batch
            let width = Int32(batch.width)
            batch.segmentStart = (0..<Int32(batch.ids.count)).map { place in
                max(box.batch.segmentStart?[Int(place)] ?? 0, place % width / block * block)
            }
            return [.object(box.sibling(batch), class: "Batch")]
        }
    }

    private static var withoutPrompt: LuaMethod<BatchBox> {
        LuaMethod(
            "without_prompt",
            doc: """
                The same tokens, but what follows a prompt does not see it, apart from the prompt's last token, which \
                stands for the start: unconditional losses. Without prompts, the same batch.
                """, returns: [LuaResult(.object("Batch"), "the batch")],
            example: "local unconditional = model:loss(batch:without_prompt())"
        ) { box, _ in
            guard let prompt = box.batch.prompt else { return [.object(box, class: "Batch")] }
            var batch = box.batch
            var starts = batch.segmentStart ?? [Int32](repeating: 0, count: batch.ids.count)
            for row in 0..<batch.rowCount {
                var start: Int32 = 0
                for t in 0..<batch.width {
                    let place = row * batch.width + t
                    let isLast = prompt[place] && t + 1 < batch.width && !prompt[place + 1]
                    if isLast { start = Int32(t) }
                    // A later prompt sees what it did before; an answer starts where its prompt ends.
                    if isLast || !prompt[place] { starts[place] = max(starts[place], start) }
                }
            }
            batch.segmentStart = starts
            return [.object(box.sibling(batch), class: "Batch")]
        }
    }

    private static var describe: LuaMethod<BatchBox> {
        LuaMethod(
            "describe", doc: "Step, sizes and where each row comes from.", returns: [LuaResult(.table, "the table")]
        ) { box, _ in
            let rows = box.batch.rows.map { place -> LuaValue in
                guard let place else { return .record([("source", .string("padding"))]) }
                return .record([
                    ("source", .string(box.loader.tokens.corpus.parts[place.part].name)),
                    ("row", .integer(place.row + 1)),
                ])
            }
            return [
                .record([
                    ("step", .integer(box.step)), ("rows", .integer(box.batch.rowCount)),
                    ("context", .integer(box.batch.width)),
                    ("tokens", .integer(box.batch.validCount)), ("origin", .list(rows)),
                ])
            ]
        }
    }
}
