/// The orders in which GGUF and Hugging Face keep the rows of a matrix.
enum GGUFRowOrder {
    /// llama.cpp rotates neighbouring pairs of a head, and its converter reorders the rows of q and k for that; this
    /// undoes it: row 2i + s of a head goes to row s·E/2 + i.
    static func toHalves(_ values: UnsafeMutableBufferPointer<Float>, heads: Int, columns: Int) {
        let source = Array(values)
        forEachRow(values.count / columns, heads: heads) { paired, halved in
            copyRow(values, halved, source, paired, columns)
        }
    }

    /// What `toHalves` undoes.
    static func toPairs(_ values: UnsafeMutableBufferPointer<Float>, heads: Int, columns: Int) {
        let source = Array(values)
        forEachRow(values.count / columns, heads: heads) { paired, halved in
            copyRow(values, paired, source, halved, columns)
        }
    }

    private static func forEachRow(_ rows: Int, heads: Int, _ body: (_ paired: Int, _ halved: Int) -> Void) {
        let width = rows / heads
        for row in 0..<rows {
            let place = row % width
            body(row, row - place + (place % 2) * (width / 2) + place / 2)
        }
    }

    private static func copyRow(
        _ target: UnsafeMutableBufferPointer<Float>, _ to: Int, _ source: [Float], _ from: Int, _ columns: Int
    ) {
        for column in 0..<columns { target[to * columns + column] = source[from * columns + column] }
    }

    /// Turns a matrix of `rows` rows into its transpose, in place.
    static func transpose(_ values: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int) {
        let source = Array(values)
        for row in 0..<rows {
            for column in 0..<columns { values[column * rows + row] = source[row * columns + column] }
        }
    }
}
