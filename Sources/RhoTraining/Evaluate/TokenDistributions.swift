import RhoCore
import RhoModels
import RhoTensor

/// Log probabilities of given tokens and of the likeliest ones, position by position.
public struct TokenDistributions: Sendable, Equatable {
    public struct Candidate: Sendable, Equatable {
        public var id: Int32
        /// log P(id | tokens before), nats.
        public var logProbability: Float
    }

    /// What the model expects at one place of a row.
    public struct Place: Sendable, Equatable {
        /// log P of the token that stands there, nats; nil one past the end of the row.
        public var logProbability: Float?
        /// The likeliest tokens, best first; ties go to the lower id.
        public var top: [Candidate]
    }

    /// Places 1 ... n of each row of n tokens: nothing stands before the first token, and the last place is the one after
    /// the row.
    public static func of(
        _ rows: [[Int32]], top count: Int, model: any LanguageModel, batchTokens: Int = 4096
    ) throws(RhoError) -> [[Place]] {
        var places = [[Place]](repeating: [], count: rows.count)
        let order = rows.indices.sorted {
            rows[$0].count != rows[$1].count ? rows[$0].count > rows[$1].count : $0 < $1
        }
        var next = 0
        while next < order.count {
            let width = rows[order[next]].count
            guard width > 0 else { break }
            let members = order[next..<min(order.count, next + max(1, batchTokens / width))]
            let ids = members.flatMap { rows[$0] + [Int32](repeating: 0, count: width - rows[$0].count) }
            let grid = try TokenGrid(batch: members.count, tokens: width, ids: ids)
            try Autograd.withoutGrad { () throws(RhoError) in
                let hidden = try model.hidden(grid)
                for (place, row) in members.enumerated() {
                    places[row] = try read(
                        hidden.slice(start: place * width, count: rows[row].count), rows[row], count, model.headWeight)
                }
            }
            next += members.count
        }
        return places
    }

    /// One row, some places at a time: logits of all would take far more memory than the model.
    private static func read(
        _ hidden: Tensor, _ row: [Int32], _ count: Int, _ head: Tensor
    ) throws(RhoError) -> [Place] {
        var places: [Place] = []
        for start in stride(from: 0, to: row.count, by: 128) {
            let rows = min(128, row.count - start)
            let scores = try Fused.linear(hidden.slice(start: start, count: rows), head).logSoftmax()
            let (all, vocab) = (scores.toArray(), scores.shape.width)
            for place in 0..<rows {
                let line = all[place * vocab..<(place + 1) * vocab]
                let following = start + place + 1
                places.append(
                    Place(
                        logProbability: following < row.count ? line[line.startIndex + Int(row[following])] : nil,
                        top: largest(count, of: line)))
            }
        }
        return places
    }

    /// The `count` largest values of a line in order, in one pass: few beside the vocabulary, so they are kept in a list.
    private static func largest(_ count: Int, of line: ArraySlice<Float>) -> [Candidate] {
        var best: [Candidate] = []
        best.reserveCapacity(count + 1)
        var floor = -Float.infinity
        for (id, value) in line.enumerated() where value > floor || best.count < count && !value.isNaN {
            let place = best.firstIndex { $0.logProbability < value } ?? best.count
            best.insert(Candidate(id: Int32(id), logProbability: value), at: place)
            if best.count > count { best.removeLast() }
            if best.count == count { floor = best[count - 1].logProbability }
        }
        return best
    }
}
