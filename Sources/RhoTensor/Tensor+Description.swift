extension Tensor: CustomStringConvertible {
    /// Shape and the first numbers: `Tensor (2, 3) [1, 2, 3, 4, 5, 6]`.
    public var description: String {
        let shown = 8
        let head = Swift.min(count, shown)
        let values = (try? read(0..<head)) ?? []
        let text = values.map { "\($0)" }.joined(separator: ", ")
        return "Tensor \(shape) [\(text)\(count > shown ? ", …" : "")]"
    }
}
