import RhoCore

/// Bytes that training or running a model takes.
public struct MemoryEstimate: Sendable, Equatable {
    public var weights: Int
    public var gradients: Int
    /// First and second moments of AdamW.
    public var optimiser: Int
    /// What the forward pass keeps for the backward pass, and the largest temporary.
    public var activations: Int
    public var total: Int { weights + gradients + optimiser + activations }
}

extension ModelConfig {
    /// Parameters of one layer, norms and biases included.
    private var layerParameters: Int {
        let attention = qkvWidth * dim + dim * attentionWidth
        switch family {
        case .gpt2, .gptNeoX:
            return attention + qkvWidth + dim + 2 * dim * ffWidth + ffWidth + dim + 4 * dim
        default:
            let biases = qkvBias ? qkvWidth : 0
            let headNorms = normalisesQueriesAndKeys ? 2 * headWidth : 0
            return attention + biases + headNorms + 3 * dim * ffWidth + 2 * dim
        }
    }

    /// Numbers of the whole model without adapters; a tied head counts once.
    public var parameterCount: Int {
        var count = vocab * dim + layers * layerParameters + (tied ? 0 : vocab * dim)
        switch family {
        case .gpt2: count += context * dim + 2 * dim
        case .gptNeoX: count += 2 * dim
        default: count += dim
        }
        return count
    }

    /// Parameters that take part in a multiplication for every token: all but tables that are only looked up
    /// (an untied embedding, learned positions). A tied table counts, as it is the head.
    public var multipliedParameterCount: Int {
        parameterCount - (tied ? 0 : vocab * dim) - (family == .gpt2 ? context * dim : 0)
    }

    /// FLOPs per token = 6 N + 6 L H E T: forward and backward, with N the multiplied parameters and causal attention
    /// over rows of `context` tokens counted at half (each token sees half of the row on average). With LoRA the frozen
    /// matrices have no gradient of their own: 4 N for them and 6 for each number of the adapters.
    public func trainingFLOPsPerToken(context: Int) -> Double {
        let adapters = Double(adapterParameterCount)
        let perWeight: Double = lora == nil ? 6 : 4
        return perWeight * Double(multipliedParameterCount) + 6 * adapters
            + 6 * Double(layers) * Double(attentionWidth) * 2 * keysPerToken(context)
    }

    /// 2 N + 2 L H E T: the backward pass of a model that trains as a whole costs twice the forward pass.
    public func forwardFLOPsPerToken(context: Int) -> Double {
        2 * Double(multipliedParameterCount + adapterParameterCount)
            + 2 * Double(layers) * Double(attentionWidth) * 2 * keysPerToken(context)
    }

    /// Numbers in the low-rank adapters; 0 without.
    public var adapterParameterCount: Int {
        guard let lora else { return 0 }
        let keys = kvHeads * headWidth
        let sides = [
            "q_proj": dim + attentionWidth, "k_proj": dim + keys, "v_proj": dim + keys, "o_proj": attentionWidth + dim,
            "gate_proj": dim + ffWidth, "up_proj": dim + ffWidth, "down_proj": ffWidth + dim,
        ]
        return layers * lora.rank * Set(lora.targets).reduce(0) { $0 + (sides[$1] ?? 0) }
    }

    /// Mean number of keys a token attends to in a row of `context` tokens: T/2, or less under a sliding window.
    private func keysPerToken(_ context: Int) -> Double {
        let tokens = Double(context)
        guard let window, window < context else { return tokens / 2 }
        let span = Double(window)
        return span - span * span / (2 * tokens)
    }

    /// Bytes for training on `tokens` tokens at a time (batch x row length), f32 throughout.
    public func trainingMemory(tokens: Int) -> MemoryEstimate {
        let trained = 4 * (lora == nil ? parameterCount : adapterParameterCount)
        let weights = 4 * adapterParameterCount + storage.width * parameterCount
        // Per token and layer: block input, middle of the block, qkv, attention output, feed-forward inner rows.
        let inner = family.isLlamaLike ? 2 * ffWidth : ffWidth
        let perLayer = 2 * dim + qkvWidth + attentionWidth + heads + inner + 2
        let temporaries = 2 * (inner + dim) + 4 * dim
        return MemoryEstimate(
            weights: weights, gradients: trained, optimiser: 2 * trained,
            activations: Self.product(4, tokens, layers * perLayer + temporaries))
    }

    /// Bytes of keys and values that one sequence of `tokens` tokens keeps while it is continued.
    public func cacheBytes(tokens: Int) -> Int {
        Self.product(8, layers, kvHeads, headWidth, tokens)
    }

    /// The product of sizes, or an exabyte where it is more.
    private static func product(_ sizes: Int...) -> Int {
        sizes.reduce(1) { product, size in
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? 1 << 60 : min(next, 1 << 60)
        }
    }

    /// A few lines for people: shape, parameters, FLOPs per token, memory.
    public func describe() -> String {
        let attention = kvHeads == heads ? "\(heads) heads" : "\(heads) heads on \(kvHeads) key/value heads"
        let head = tied ? "tied head" : "untied head"
        let memory = trainingMemory(tokens: 0)
        return """
            \(family.rawValue): \(layers) layers, dim \(dim), \(attention) of width \(headWidth), feed-forward \(ffWidth), \
            vocabulary \(vocab), context \(context), \(head)
            parameters: \(Self.grouped(parameterCount)) (\(Self.grouped(vocab * dim)) in the embedding table)
            FLOPs per token at context \(context): \(Self.rounded(trainingFLOPsPerToken(context: context))) training, \
            \(Self.rounded(forwardFLOPsPerToken(context: context))) forward
            memory: \(memory.weights >> 20) MiB weights, \(memory.total >> 20) MiB with gradients and AdamW, \
            \(trainingMemory(tokens: 1).activations >> 10) KiB more per token of a batch
            """
    }

    private static func grouped(_ count: Int) -> String {
        var digits = Array(String(count))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return String(digits)
    }

    /// Three significant digits with a decimal prefix: 12.3 M.
    private static func rounded(_ value: Double) -> String {
        for (size, unit) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")] where value >= size {
            let scaled = value / size
            let places = scaled >= 100 ? 1.0 : scaled >= 10 ? 10.0 : 100.0
            return "\((scaled * places).rounded() / places)\(unit)"
        }
        return "\(value.rounded())"
    }
}
