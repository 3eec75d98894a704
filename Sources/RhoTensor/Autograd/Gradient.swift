import RhoCore

/// Rows of a matrix, ascending, that a row-sparse gradient holds. Two gradients share a set by identity.
package final class RowSet {
    /// Row numbers, ascending.
    package let indices: [Int32]
    /// Rows of the full matrix.
    package let total: Int

    package init(indices: [Int32], total: Int) {
        self.indices = indices
        self.total = total
    }

    package var count: Int { indices.count }
}

/// Gradient of one tensor: all of it, or only the rows that are not exactly zero.
///
/// With selected tokens most ops of the last block receive gradients for some rows only; they then work on
/// `values` of shape [M, width] and never touch the rest. `rows == nil` is the ordinary full gradient.
package struct Gradient {
    package var values: Buffer
    package var rows: RowSet?

    package init(_ values: Buffer, rows: RowSet? = nil) {
        self.values = values
        self.rows = rows
    }

    /// The gradient under its full `shape`, with zeros in the rows it does not hold.
    package func dense(_ shape: Shape) throws(RhoError) -> Buffer {
        guard let rows else { return values.reshaped(shape) }
        let full = try Buffer.zeros(shape, on: values.backend)
        values.backend.scatterAddRows(full, values, rows.indices)
        return full
    }

    /// Adds `other` to this gradient of a tensor of `shape`; the sum is sparse only when both hold the same rows.
    package mutating func add(_ other: consuming Gradient, shape: Shape) throws(RhoError) {
        switch (rows, other.rows) {
        case (nil, nil):
            try own()
            values.backend.axpy(values, other.values, 1)
        case (nil, let theirs?):
            try own()
            values.backend.scatterAddRows(values, other.values, theirs.indices)
        case (let ours?, nil):
            let sparse = values
            self = other
            try own()
            values = values.reshaped(shape)
            values.backend.scatterAddRows(values, sparse, ours.indices)
        case (let ours?, let theirs?):
            if ours === theirs {
                try own()
                values.backend.axpy(values, other.values, 1)
            } else {
                values = try dense(shape)
                rows = nil
                values.backend.scatterAddRows(values, other.values, theirs.indices)
            }
        }
    }

    /// Makes the numbers safe to write: gradients are passed on without a copy, so others may still read them.
    package mutating func own() throws(RhoError) {
        if !values.isUnshared() { values = try values.copied() }
    }
}
