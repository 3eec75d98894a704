/// Returns the name of `names` that `name` most likely meant, or nil where none is near.
///
/// Near means at most two edits (insertion, deletion, substitution, swap of neighbours), one edit for names of up to
/// three letters and a third of the length for long ones. Failing that, the only name that starts with `name`.
/// Ties go to the first in sorted order, so the answer does not depend on the order of `names`.
public func nearestName(to name: String, in names: some Sequence<String>) -> String? {
    let wanted = Array(name.utf8)
    // What is longer than any name is no slip of the pen, and comparing it would take its time.
    guard wanted.count <= 100 else { return nil }
    let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
    let sorted = names.sorted()
    var best: (name: String, distance: Int)?
    for candidate in sorted where candidate != name {
        let distance = editDistance(wanted, Array(candidate.utf8))
        if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    if let best { return best.name }
    guard !wanted.isEmpty else { return nil }
    let longer = sorted.filter { $0 != name && $0.utf8.starts(with: wanted) }
    return longer.count == 1 ? longer[0] : nil
}

/// Returns ` (did you mean 'x'?)` for the nearest name, or an empty string.
public func suggestion(for name: String, in names: some Sequence<String>) -> String {
    guard let nearest = nearestName(to: name, in: names) else { return "" }
    return " (did you mean '\(nearest)'?)"
}

/// Edits between `a` and `b`, a swap of two neighbours counting as one (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [Int](repeating: i, count: b.count + 1)
        for j in 1...b.count {
            let same = a[i - 1] == b[j - 1]
            var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, beforeLast[j - 2] + 1) }
            row[j] = cost
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
