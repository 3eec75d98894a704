import Glibc
import RhoCore
import RhoKernels
import RhoTensor

extension LanguageModel {
    /// Fills every weight from the stream "init/NAME" of `seed`: matrices normal, norms 1, biases 0.
    ///
    /// Each number depends on (seed, weight name, place in the weight), so the same seed gives the same embedding
    /// whatever the number of layers, and the same query projection whether or not it is stored fused.
    public func initialise(seed: UInt64) throws(RhoError) {
        for weight in weights { try weight.initialise(seed: seed) }
    }
}

extension WeightView {
    /// Fills the weight as `LanguageModel.initialise` does.
    func initialise(seed: UInt64) throws(RhoError) {
        switch initial {
        case .zeros: try load([Float](repeating: 0, count: count))
        case .ones: try load([Float](repeating: 1, count: count))
        case .normal(let deviation):
            try load(normals(count: count, deviation: deviation, seed: seed, name: "init/\(name)"))
        }
    }
}

/// Normal numbers whose i-th value is a pure function of (seed, name, i): Box-Muller on 32-bit uniforms, two pairs of
/// them from one Philox block.
func normals(count: Int, deviation: Double, seed: UInt64, name: String) -> [Float] {
    let key64 = Philox.key(seed: seed, name: name)
    let key = SIMD2(UInt32(truncatingIfNeeded: key64), UInt32(truncatingIfNeeded: key64 >> 32))
    let blockSize = 1 << 14
    return [Float](unsafeUninitializedCapacity: count) { out, initialised in
        // Blocks write disjoint ranges.
        nonisolated(unsafe) let out = out
        Parallel.run((count + blockSize - 1) / blockSize) { block in
            for quad in (block * blockSize / 4)..<min((block + 1) * blockSize / 4, (count + 3) / 4) {
                let words = Philox.block(SIMD4(UInt32(truncatingIfNeeded: quad), UInt32(quad >> 32), 0, 0), key: key)
                for half in 0..<2 {
                    let first = Double(words[2 * half]) + 0.5, second = Double(words[2 * half + 1])
                    let radius = deviation * (-2 * log(first * 0x1p-32)).squareRoot()
                    let angle = 2 * Double.pi * second * 0x1p-32
                    let index = quad * 4 + half * 2
                    if index < count { out[index] = Float(radius * cos(angle)) }
                    if index + 1 < count { out[index + 1] = Float(radius * sin(angle)) }
                }
            }
        }
        initialised = count
    }
}
