import RhoKernels
import Testing

/// All kernel tests. They set the number of threads, which is one for the process, so they run one after another.
@Suite(.serialized)
enum KernelTests {}

/// Sizes around the width of a vector and of a block.
let oddSizes = [1, 15, 16, 17, 63, 100]

/// Floats between two guard zones, which show a write outside.
final class TestFloats {
    static let guardCount = 64
    static let mark: Float = 12345.678
    let count: Int
    let p: UnsafeMutablePointer<Float>
    private let memory: UnsafeMutablePointer<Float>

    init(_ values: [Float]) {
        count = values.count
        // On a cache line, as tensors are: kernels have ways of their own for whole lines.
        memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * (count + 2 * Self.guardCount), alignment: 64)
            .bindMemory(to: Float.self, capacity: count + 2 * Self.guardCount)
        memory.initialize(repeating: Self.mark, count: count + 2 * Self.guardCount)
        p = memory + Self.guardCount
        for (i, value) in values.enumerated() { p[i] = value }
    }

    convenience init(count: Int, value: Float = 0) { self.init([Float](repeating: value, count: count)) }

    /// Values spread over -1 ... 1, times `scale`, from a fixed sequence.
    convenience init(random count: Int, seed: UInt64, scale: Float = 1) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.init(
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (Float(state >> 40) / Float(1 << 23) - 1) * scale
            })
    }

    deinit {
        let clean = (0..<Self.guardCount).allSatisfy { memory[$0] == Self.mark && p[count + $0] == Self.mark }
        memory.deallocate()
        if !clean { Issue.record("a kernel wrote outside its buffer") }
    }

    var values: [Float] { Array(UnsafeBufferPointer(start: p, count: count)) }
    var copy: TestFloats { TestFloats(values) }
}

/// Ids or targets.
final class TestInts {
    let p: UnsafeMutablePointer<Int32>
    let values: [Int32]

    init(_ values: [Int32]) {
        self.values = values
        p = .allocate(capacity: max(values.count, 1))
        p.initialize(repeating: 0, count: max(values.count, 1))
        for (i, value) in values.enumerated() { p[i] = value }
    }

    convenience init(random count: Int, below limit: Int, seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.init(
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int32((state >> 33) % UInt64(limit))
            })
    }

    deinit { p.deallocate() }
}

/// What `body` computes, which must be the same bits with 1, 2 and 3 threads.
func anyThreads(_ body: () -> [TestFloats], sourceLocation: SourceLocation = #_sourceLocation) -> [[Float]] {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    var first: [[Float]] = []
    for threads in [1, 2, 3] {
        Parallel.threadCount = threads
        let result = body().map(\.values)
        if threads == 1 {
            first = result
        } else {
            let same = zip(first, result).allSatisfy { $0.map(\.bitPattern) == $1.map(\.bitPattern) }
            #expect(same, "results differ between 1 and \(threads) threads", sourceLocation: sourceLocation)
        }
    }
    return first
}

/// Holds each value to |a - b| ≤ tolerance·(1 + |b|); NaN matches NaN.
func expectClose(
    _ a: [Float], _ b: [Float], _ tolerance: Float, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    for (i, (x, y)) in zip(a, b).enumerated() {
        if x == y || (x.isNaN && y.isNaN) { continue }
        if abs(x - y) <= tolerance * (1 + abs(y)) { continue }
        Issue.record("\(what)[\(i)]: \(x), the twin gives \(y)", sourceLocation: sourceLocation)
        return
    }
}
