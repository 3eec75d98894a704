import Glibc
import RhoCore

/// Draws one token from a row of logits. A pure function of (logits, row so far, options, prompt index, position).
struct TokenSampler {
    let options: GenerationOptions

    private struct Candidate {
        var id: Int32
        var value: Float
        /// Higher values first, then lower ids, so that ties have one order.
        static func before(_ a: Candidate, _ b: Candidate) -> Bool {
            a.value != b.value ? a.value > b.value : a.id < b.id
        }
    }

    /// Changes `logits` in place. Errors: `.diverged` if no logit is finite.
    func choose(
        _ logits: UnsafeMutableBufferPointer<Float>, history: [Int32], prompt: Int, position: Int
    ) throws(RhoError) -> Int32 {
        penalise(logits, history)
        let best = Self.argmax(logits)
        guard best >= 0, logits[best].isFinite else {
            throw RhoError(.diverged, "the model gives no finite logit at position \(position)")
        }
        if options.temperature == 0 || options.topK == 1 { return Int32(best) }
        let scale = Float(1 / options.temperature)
        let top = logits[best]
        for index in logits.indices {
            let value = (logits[index] - top) * scale
            logits[index] = value.isNaN ? -.infinity : value
        }
        let uniform = RandomStream(seed: options.seed, name: "generate", step: UInt64(position)).uniform(
            at: UInt64(prompt))
        guard let candidates = shortlist(logits) else { return drawFromAll(logits, uniform) }
        return draw(candidates, uniform)
    }

    private func penalise(_ logits: UnsafeMutableBufferPointer<Float>, _ history: [Int32]) {
        guard options.repetitionPenalty != 1 else { return }
        let penalty = Float(options.repetitionPenalty)
        var seen = Set<Int32>()
        for id in history where seen.insert(id).inserted && Int(id) < logits.count && id >= 0 {
            let value = logits[Int(id)]
            logits[Int(id)] = value > 0 ? value / penalty : value * penalty
        }
    }

    /// Index of the largest value, the lowest on ties; -1 if every value is NaN.
    static func argmax(_ values: UnsafeMutableBufferPointer<Float>) -> Int {
        var best = -1
        var top = -Float.infinity
        for index in values.indices where values[index] > top || (best < 0 && values[index] == top) {
            best = index
            top = values[index]
        }
        return best
    }

    /// Tokens that top-k and top-p leave, most probable first; nil when they leave all.
    /// Values are log probabilities up to a constant, the largest being 0.
    private func shortlist(_ logits: UnsafeMutableBufferPointer<Float>) -> [Candidate]? {
        var kept: [Candidate]?
        if let k = options.topK, k < logits.count { kept = Self.largest(k, of: logits) }
        guard options.topP < 1 else { return kept }
        var total = 0.0
        if let kept {
            for candidate in kept { total += Double(expf(candidate.value)) }
        } else {
            for value in logits { total += Double(expf(value)) }
            // All tokens below (1 - p) / V together hold less than 1 - p, so none of them is in the nucleus.
            let floor = Float(log((1 - options.topP) * total / Double(logits.count)))
            var list: [Candidate] = []
            for index in logits.indices where logits[index] >= floor {
                list.append(Candidate(id: Int32(index), value: logits[index]))
            }
            list.sort(by: Candidate.before)
            kept = list
        }
        guard let list = kept else { return nil }
        var mass = 0.0
        var count = 0
        for candidate in list {
            if count > 0, mass >= options.topP * total { break }
            mass += Double(expf(candidate.value))
            count += 1
        }
        return Array(list.prefix(count))
    }

    /// The k largest values in order: a bounded heap over one pass, smallest kept value on top.
    private static func largest(_ k: Int, of values: UnsafeMutableBufferPointer<Float>) -> [Candidate] {
        var heap: [Candidate] = []
        heap.reserveCapacity(k)
        func sink(_ start: Int) {
            var parent = start
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { return }
                if child + 1 < heap.count, Candidate.before(heap[child], heap[child + 1]) { child += 1 }
                guard Candidate.before(heap[parent], heap[child]) else { return }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        for index in values.indices {
            let candidate = Candidate(id: Int32(index), value: values[index])
            if heap.count < k {
                heap.append(candidate)
                if heap.count == k { for parent in stride(from: k / 2, through: 0, by: -1) { sink(parent) } }
            } else if Candidate.before(candidate, heap[0]) {
                heap[0] = candidate
                sink(0)
            }
        }
        return heap.sorted(by: Candidate.before)
    }

    private func draw(_ candidates: [Candidate], _ uniform: Double) -> Int32 {
        var total = 0.0
        for candidate in candidates { total += Double(expf(candidate.value)) }
        var left = uniform * total
        for candidate in candidates {
            left -= Double(expf(candidate.value))
            if left < 0 { return candidate.id }
        }
        return candidates[candidates.count - 1].id
    }

    private func drawFromAll(_ logits: UnsafeMutableBufferPointer<Float>, _ uniform: Double) -> Int32 {
        var total = 0.0
        for index in logits.indices {
            let mass = expf(logits[index])
            logits[index] = mass
            total += Double(mass)
        }
        var left = uniform * total
        var last: Int32 = 0
        for index in logits.indices where logits[index] > 0 {
            left -= Double(logits[index])
            last = Int32(index)
            if left < 0 { break }
        }
        return last
    }
}
