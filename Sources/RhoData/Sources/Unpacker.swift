import RhoCore

/// Unpacks compressed data that arrives in pieces, in constant memory.
protocol Unpacker: AnyObject {
    /// Hands over the next packed bytes; they must stay valid until ``decode()`` has returned nil.
    func give(_ piece: UnsafeRawBufferPointer)

    /// Unpacked bytes, valid until the next call; nil when more packed bytes are needed.
    func decode() throws(RhoError) -> UnsafeRawBufferPointer?

    /// Throws where the data ended too early.
    func finish() throws(RhoError)
}
