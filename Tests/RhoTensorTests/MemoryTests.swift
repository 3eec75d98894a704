import RhoCore
import RhoTensor
import Testing

/// Counters are global, so these run in processes of their own.
@Suite("Memory", .serialized)
struct MemoryTests {
    @Test("live and held bytes are flat over training steps, and nothing is left behind")
    func flatOverSteps() async {
        await #expect(processExitsWith: .success) {
            let before = Storage.liveBytes
            do {
                let model = try SmallLlama(.init(vocabulary: 200, width: 32, batch: 4, tokens: 32))
                let optimiser = try AdamW(model.parameters)
                var live: [Int] = []
                var held: [Int] = []
                for _ in 0..<6 {
                    try model.loss().mean().backward()
                    try optimiser.step(lr: 1e-3, clip: 1)
                    optimiser.zeroGrad()
                    live.append(Storage.liveBytes)
                    held.append(Storage.heldBytes)
                }
                try #require(Set(live.dropFirst()).count == 1)
                try #require(Set(held.dropFirst()).count == 1)
            }
            try #require(Storage.liveBytes == before)
            Storage.trim()
            try #require(Storage.heldBytes == before)
        }
    }

    @Test("backward frees activations on the way and needs little beside them")
    func peak() async {
        await #expect(processExitsWith: .success) {
            let sizes = SmallLlama.Sizes(
                vocabulary: 256, width: 64, layers: 4, heads: 4, kvHeads: 4, feedForward: 172, batch: 8, tokens: 64)
            let model = try SmallLlama(sizes)
            for parameter in model.parameters { parameter.tensor.grad = try Tensor.zeros(parameter.tensor.shape.dims) }
            let rows = sizes.batch * sizes.tokens
            let before = Storage.liveBytes
            Storage.resetPeak()
            let loss = try model.loss()
            let kept = Storage.liveBytes - before
            try loss.backward(gradient: Tensor.full([rows], 1))
            let peak = Storage.peakBytes - before
            // x, qkv, attention's result, the middle rows, gate and up, and a few numbers a row.
            let perLayer = rows * 4 * (3 * 64 + 3 * 64 + 2 * 172 + 16)
            try #require(kept <= perLayer * sizes.layers + rows * 4 * 3 * 64)
            // On top of what is kept: gradients and scratch of one op.
            try #require(peak - kept <= rows * 4 * (4 * 64 + 2 * 172 + 16), "peak \(peak), kept \(kept)")
        }
    }

    @Test("a byte limit turns an allocation into a memory error, and freed memory counts again")
    func limit() async {
        await #expect(processExitsWith: .success) {
            Storage.byteLimit = Storage.liveBytes + (8 << 20)
            for _ in 0..<50 { _ = try Tensor.zeros([1 << 20]) }
            do {
                var list: [Tensor] = []
                for _ in 0..<3 { list.append(try Tensor.zeros([1 << 20])) }
                try #require(Bool(false), "no error after \(list.count) tensors")
            } catch let error as RhoError {
                try #require(error.code == .memory)
                try #require(
                    error.message == "out of memory: 4 MiB more asked for, 8 MiB in use, limit 9 MiB"
                        || error.message.hasPrefix("out of memory: 4 MiB more"))
            }
            _ = try Tensor.zeros([1 << 20])
        }
    }

    @Test("freed blocks of many sizes do not pile up")
    func sizesDoNotPileUp() async {
        await #expect(processExitsWith: .success) {
            var stream = RandomStream(seed: 1, name: "sizes")
            for _ in 0..<2000 { _ = try Tensor.zeros([1 + stream.below(4 << 20)]) }
            // Highest use is one tensor of at most 18 MiB; the allocator may hold a slack of 32 MiB beside it.
            try #require(Storage.heldBytes <= 52 << 20)
        }
    }
}
