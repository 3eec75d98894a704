import RhoCore

/// A document's text with fields of a row put in: `"{question}\n{solution}"`; `{{` and `}}` stand for braces.
public struct Template: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case text([UInt8])
        /// A field, by its place in ``Template/fields``.
        case field(Int)
    }

    public let source: String
    /// The fields the template names, each once, in the order of their first use.
    public let fields: [String]
    let pieces: [Piece]

    /// - Throws: `.value` where a brace has no partner, a name is empty or no field is named at all.
    public init(_ source: String) throws(RhoError) {
        self.source = source
        var fields: [String] = []
        var pieces: [Piece] = []
        var text: [UInt8] = []
        let bytes = Array(source.utf8)
        var at = 0
        func failure(_ what: String) -> RhoError { RhoError(.value, "template \(JSON(source).serialized()): \(what)") }
        while at < bytes.count {
            let byte = bytes[at]
            let doubled = at + 1 < bytes.count && bytes[at + 1] == byte
            if byte == UInt8(ascii: "{"), !doubled {
                guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "}")) else {
                    throw failure("the '{' at byte \(at) is not closed; a brace itself is written '{{'")
                }
                let name = String(decoding: bytes[(at + 1)..<close], as: UTF8.self)
                if name.isEmpty { throw failure("the field at byte \(at) has no name; a brace itself is written '{{'") }
                if !text.isEmpty { pieces.append(.text(text)) }
                text = []
                let index = fields.firstIndex(of: name) ?? fields.count
                if index == fields.count { fields.append(name) }
                pieces.append(.field(index))
                at = close + 1
            } else if byte == UInt8(ascii: "}"), !doubled {
                throw failure("the '}' at byte \(at) closes nothing; a brace itself is written '}}'")
            } else {
                text.append(byte)
                at += byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") ? 2 : 1
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        if fields.isEmpty { throw failure("it names no field, such as '{text}'") }
        self.fields = fields
        self.pieces = pieces
    }
}
