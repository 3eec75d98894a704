import Glibc
import RhoCore
import RhoData
import RhoModels
import RhoTensor
import RhoText

/// Loss of a model on documents, each read from its own beginning.
///
/// A document starts after the tokenizer's begin-of-text token, or its end-of-text token; without either its first token
/// has no loss. A document longer than `context` is read in rows of that many tokens, each row anew.
public struct DocumentLoss: Sendable, Equatable {
    /// Version of the measurement: numbers of different versions are not compared.
    public static let version = 1

    /// Nats per token over all documents.
    public var loss = Double.nan
    /// Standard error of the loss, from the spread between documents: tokens of one document are not independent.
    public var standardError = Double.nan
    /// Bits per byte of text; comparable between tokenizers.
    public var bitsPerByte = Double.nan
    /// Sum of the losses of a document, mean over documents, nats.
    public var perDocument = Double.nan
    public var documents = 0
    /// Tokens that have a loss.
    public var tokens = 0
    /// Bytes those tokens stand for.
    public var bytes = 0
    /// Documents longer than the context.
    public var cut = 0
    /// Forward FLOPs spent.
    public var flops = 0.0

    public var perplexity: Double { exp(loss) }

    /// Reads `limit` documents of `source` from its start.
    ///
    /// - Parameters:
    ///   - context: longest row; the model's context if nil.
    ///   - batchTokens: tokens, padding included, of one forward pass.
    ///   - progress: called after each batch with the documents begun; throwing ends the measurement.
    /// - Throws: `.value` for a context the model does not have or for no documents, and what `source` throws.
    public static func evaluate(
        _ model: any LanguageModel, tokenizer: any Tokenizer, source: any DocumentSource, context: Int? = nil,
        limit: Int = .max, batchTokens: Int = 4096, progress: (_ documents: Int) throws -> Void = { _ in }
    ) throws -> DocumentLoss {
        let context = context ?? model.config.context
        guard (1...model.config.context).contains(context) else {
            throw RhoError(.value, "context must be in [1, \(model.config.context)], got \(context)")
        }
        var pass = Pass(model: model, tokenizer: tokenizer, context: context, batchTokens: batchTokens)
        try source.forEach { document in
            if pass.sums.count < limit { pass.add(document.text) }
            if pass.waitingTokens >= 16 * batchTokens {
                try pass.flush()
                try progress(pass.sums.count)
            }
            return pass.sums.count < limit
        }
        try pass.flush()
        try progress(pass.sums.count)
        guard !pass.sums.isEmpty else { throw source.emptyError() }
        return pass.result()
    }

    /// The documents so far.
    private struct Pass {
        let model: any LanguageModel
        let tokenizer: any Tokenizer
        let context: Int
        let batchTokens: Int
        /// Loss and tokens of each document.
        var sums: [(loss: Double, tokens: Int)] = []
        var waitingTokens = 0
        private var rows: [(document: Int, ids: ArraySlice<Int32>)] = []
        private var bytes = 0
        private var cut = 0
        private var read = 0

        init(model: any LanguageModel, tokenizer: any Tokenizer, context: Int, batchTokens: Int) {
            self.model = model
            self.tokenizer = tokenizer
            self.context = context
            self.batchTokens = batchTokens
        }

        mutating func add(_ text: [UInt8]) {
            let stream = TextGeneration.input(text, tokenizer)
            let hasStart = (tokenizer.beginOfText ?? tokenizer.endOfText) != nil
            bytes += text.count
            if !hasStart, let first = stream.first { bytes -= tokenizer.bytes(of: first).count }
            if stream.count - 1 > context { cut += 1 }
            var first = 0
            while first + 1 < stream.count {
                let last = min(first + context, stream.count - 1)
                rows.append((sums.count, stream[first...last]))
                waitingTokens += last - first
                first = last
            }
            sums.append((0, 0))
        }

        /// Runs the waiting rows, those of like length together.
        mutating func flush() throws(RhoError) {
            let order = rows.indices.sorted {
                rows[$0].ids.count != rows[$1].ids.count ? rows[$0].ids.count > rows[$1].ids.count : $0 < $1
            }
            var next = 0
            while next < order.count {
                let width = rows[order[next]].ids.count - 1
                let members = order[next..<min(order.count, next + max(1, batchTokens / width))].map { rows[$0] }
                try run(members, width: width)
                next += members.count
            }
            rows.removeAll(keepingCapacity: true)
            waitingTokens = 0
        }

        private mutating func run(
            _ members: [(document: Int, ids: ArraySlice<Int32>)], width: Int
        ) throws(RhoError) {
            var ids = [Int32](repeating: 0, count: members.count * width)
            var targets = [Int32](repeating: -1, count: members.count * width)
            for (row, member) in members.enumerated() {
                for (place, id) in member.ids.dropLast().enumerated() { ids[row * width + place] = id }
                for (place, id) in member.ids.dropFirst().enumerated() { targets[row * width + place] = id }
            }
            let losses = try Autograd.withoutGrad { () throws(RhoError) in
                try model.loss(TokenGrid(batch: members.count, tokens: width, ids: ids), targets: targets).toArray()
            }
            for (row, member) in members.enumerated() {
                for place in 0..<member.ids.count - 1 {
                    sums[member.document].loss += Double(losses[row * width + place])
                }
                sums[member.document].tokens += member.ids.count - 1
                read += member.ids.count - 1
            }
        }

        func result() -> DocumentLoss {
            var result = DocumentLoss()
            result.documents = sums.count
            result.tokens = sums.reduce(0) { $0 + $1.tokens }
            result.bytes = bytes
            result.cut = cut
            result.flops = Double(read) * model.forwardFLOPsPerToken(context: context)
            guard result.tokens > 0 else { return result }
            let total = sums.reduce(0.0) { $0 + $1.loss }
            let (count, documents) = (Double(result.tokens), Double(result.documents))
            result.loss = total / count
            result.perDocument = total / documents
            result.bitsPerByte = bytes > 0 ? total / log(2.0) / Double(bytes) : .nan
            // Ratio estimator: documents differ in length, the residual of each is what it adds beyond its share.
            let spread = sums.reduce(0.0) { sum, document in
                let residual = document.loss - result.loss * Double(document.tokens)
                return sum + residual * residual
            }
            if documents > 1 { result.standardError = (spread * documents / (documents - 1)).squareRoot() / count }
            return result
        }
    }
}
