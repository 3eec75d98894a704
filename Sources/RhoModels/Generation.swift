import RhoCore
import RhoTensor

extension LanguageModel {
    /// Continues each prompt. Prompts run in batches; keys and values of what was read are kept, so a new token costs
    /// one pass over the weights for the whole batch.
    ///
    /// `onToken(prompt, id)` sees each token as it is drawn; false ends that continuation after the token.
    /// Errors: `.value` for an option out of range, an empty prompt, or an id outside the vocabulary, `.shape` for a
    /// prompt longer than the context, `.diverged` for logits that are not finite, `.memory`.
    public func generate(
        _ prompts: [[Int32]], _ options: GenerationOptions = GenerationOptions(),
        onToken: ((_ prompt: Int, _ id: Int32) -> Bool)? = nil
    ) throws(RhoError) -> [Generation] {
        try options.validate()
        for (index, prompt) in prompts.enumerated() {
            if prompt.isEmpty { throw RhoError(.value, "generate: prompt \(index + 1) is empty") }
            if prompt.count > config.context {
                throw RhoError(
                    .shape,
                    "generate: prompt \(index + 1) has \(prompt.count) tokens, the model's context is \(config.context)"
                )
            }
            do throws(RhoError) { try checkIDs(prompt) } catch { throw error.at("generate: prompt \(index + 1)") }
        }
        return try Autograd.withoutGrad { () throws(RhoError) in
            var results: [Generation] = []
            while results.count < prompts.count {
                let group = nextGroup(prompts, from: results.count, options)
                var continuation = Continuation(self, prompts: prompts, group: group, options: options)
                results += try continuation.run(onToken)
            }
            return results
        }
    }

    /// Prompts that run together: at most 64, and no more than what keeps the padded prompt block and the cache small.
    private func nextGroup(_ prompts: [[Int32]], from start: Int, _ options: GenerationOptions) -> Range<Int> {
        let tokenLimit = 1 << 14, cacheLimit = 1 << 29
        var end = start
        var longest = 0
        while end < prompts.count, end - start < 64 {
            let length = max(longest, prompts[end].count)
            let rows = end - start + 1
            let capacity = min(config.context, length + options.maxNewTokens)
            let fits = rows * length <= tokenLimit && rows * config.cacheBytes(tokens: capacity) <= cacheLimit
            if end > start, !fits { break }
            longest = length
            end += 1
        }
        return start..<end
    }
}

/// A batch of prompts on their way.
private struct Continuation<Model: LanguageModel> {
    private let model: Model
    private let options: GenerationOptions
    private let first: Int
    private let sampler: TokenSampler
    /// Prompt and new tokens of each row.
    private var rows: [[Int32]]
    private let promptLengths: [Int]
    private var ends: [Generation.End?]
    /// Logits of one step, copied out to be drawn from: one piece of memory for all steps.
    private var logits: [Float] = []
    private let stops: Set<Int32>

    init(_ model: Model, prompts: [[Int32]], group: Range<Int>, options: GenerationOptions) {
        self.model = model
        self.options = options
        first = group.lowerBound
        rows = Array(prompts[group])
        promptLengths = rows.map(\.count)
        ends = rows.map { _ in options.maxNewTokens == 0 ? .length : nil }
        sampler = TokenSampler(options: options)
        stops = Set(options.stopIDs)
    }

    mutating func run(_ onToken: ((Int, Int32) -> Bool)?) throws(RhoError) -> [Generation] {
        let longest = promptLengths.max() ?? 0
        if options.maxNewTokens > 0 {
            let cache = try KeyValueCache(
                model.config, slots: rows.count,
                capacity: max(longest, min(model.config.context, longest + options.maxNewTokens)))
            var live = Array(rows.indices)
            try logits.copy(from: readPrompts(cache, longest))
            while true {
                try extend(live, onToken)
                live.removeAll { ends[$0] != nil }
                if live.isEmpty { break }
                let path = CachedAttention(
                    cache, slots: live.map { Int32($0) }, positions: live.map { Int32(rows[$0].count - 1) },
                    rope: try model.rotation(tokens: cache.capacity))
                let hidden = try model.run(live.map { rows[$0][rows[$0].count - 1] }, attention: path, dropout: nil)
                try logits.copy(from: Fused.linear(hidden, model.headWeight))
            }
        }
        return rows.indices.map {
            Generation(ids: Array(rows[$0].dropFirst(promptLengths[$0])), end: ends[$0] ?? .length)
        }
    }

    /// Logits [rows, V] after the last token of each prompt.
    private func readPrompts(_ cache: KeyValueCache, _ longest: Int) throws(RhoError) -> Tensor {
        var ids: [Int32] = []
        for row in rows { ids += row + [Int32](repeating: 0, count: longest - row.count) }
        let path = PrefillAttention(
            cache, lengths: promptLengths, tokens: longest, rope: try model.rotation(tokens: cache.capacity))
        let hidden = try model.run(ids, attention: path, dropout: nil)
        let last = rows.indices.map { Int32($0 * longest + promptLengths[$0] - 1) }
        let picked = try hidden.buffer.like(Shape(unchecked: [rows.count, model.config.dim]))
        hidden.buffer.backend.gatherRows(picked, hidden.buffer, last)
        return try Fused.linear(Tensor(picked), model.headWeight)
    }

    /// Draws the next token of each live row; row i of the logits belongs to `live[i]`.
    private mutating func extend(_ live: [Int], _ onToken: ((Int, Int32) -> Bool)?) throws(RhoError) {
        for (place, row) in live.enumerated() {
            let id = try draw(place, row)
            if stops.contains(id) {
                ends[row] = .stop
                continue
            }
            rows[row].append(id)
            if let onToken, !onToken(first + row, id) {
                ends[row] = .stop
            } else if rows[row].count - promptLengths[row] >= options.maxNewTokens {
                ends[row] = .length
            } else if rows[row].count > model.config.context {
                ends[row] = .context
            }
        }
    }

    private mutating func draw(_ place: Int, _ row: Int) throws(RhoError) -> Int32 {
        let (width, sampler, history, prompt) = (model.config.vocab, sampler, rows[row], first + row)
        var outcome: Result<Int32, RhoError> = .success(0)
        logits.withUnsafeMutableBufferPointer { all in
            let slice = UnsafeMutableBufferPointer(rebasing: all[place * width..<(place + 1) * width])
            do throws(RhoError) {
                outcome = .success(
                    try sampler.choose(slice, history: history, prompt: prompt, position: history.count))
            } catch { outcome = .failure(error) }
        }
        return try outcome.get()
    }
}

extension [Float] {
    /// Takes the numbers of `tensor`, in the memory that is there already where it suffices.
    fileprivate mutating func copy(from tensor: Tensor) {
        if count != tensor.count { self = [Float](repeating: 0, count: tensor.count) }
        withUnsafeMutableBufferPointer { tensor.buffer.backend.read(tensor.buffer, into: $0) }
    }
}
