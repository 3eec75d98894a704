import Glibc
import RhoCore

/// Cosines and sines of rotary position embedding, shape (positions, E/2). (arXiv 2104.09864)
///
/// Dimension i of a head turns with dimension i + E/2 by the angle t · theta^(-2i/E) at position t, the convention of
/// Llama checkpoints at Hugging Face.
public final class RoPETable {
    /// cos of the angles.
    package let cosines: Buffer
    /// sin of the angles.
    package let sines: Buffer
    /// Number of positions the table covers.
    public let positions: Int
    /// Elements of a head that turn: twice the number of frequencies.
    public let width: Int

    /// Table for positions `0..<tokens` with the usual frequencies theta^(-2i/E).
    public convenience init(tokens: Int, headWidth: Int, theta: Double) throws(RhoError) {
        guard headWidth > 0, headWidth % 2 == 0, headWidth <= 1 << 16 else {
            throw RhoError(.value, "rope: the head width must be even and positive, got \(headWidth)")
        }
        guard theta > 0, theta.isFinite else { throw RhoError(.value, "rope: theta must be positive, got \(theta)") }
        let frequencies = (0..<headWidth / 2).map { pow(theta, -2 * Double($0) / Double(headWidth)) }
        try self.init(positions: tokens, frequencies: frequencies)
    }

    /// Table for given frequencies in radians per position, one for each pair of dimensions.
    public init(positions: Int, frequencies: [Double]) throws(RhoError) {
        let shape = try Shape([positions, frequencies.count], for: "rope")
        cosines = try Buffer.make(shape)
        sines = try Buffer.make(shape)
        self.positions = positions
        width = 2 * frequencies.count
        // Angles in Double: a Float has no correct digits left after a few thousand positions.
        var values = [Float](repeating: 0, count: shape.count)
        for (function, target) in [(cos, cosines), (sin, sines)] as [((Double) -> Double, Buffer)] {
            var index = 0
            for position in 0..<positions {
                for frequency in frequencies {
                    values[index] = Float(function(Double(position) * frequency))
                    index += 1
                }
            }
            values.withUnsafeBufferPointer { target.backend.write(target, $0) }
        }
    }

    /// Throws when the table cannot serve `layout`.
    package func check(_ layout: AttentionLayout) throws(RhoError) {
        guard width <= layout.headWidth else {
            throw RhoError(.shape, "attention: a rope table of width \(width) for heads of width \(layout.headWidth)")
        }
        guard layout.tokens <= positions else {
            throw RhoError(.shape, "attention: \(layout.tokens) positions, the rope table covers \(positions)")
        }
    }
}
