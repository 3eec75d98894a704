import RhoCore

/// A value inside a tokenizer file together with its place, so that every complaint names the place.
struct JSONPart {
    let value: JSON
    /// The path from the top, such as `model.vocab`; empty at the top.
    let place: String

    init(_ value: JSON, at place: String = "") {
        self.value = value
        self.place = place
    }

    func failure(_ sentence: String) -> RhoError { failure(.format, sentence) }

    func failure(_ code: RhoError.Code, _ sentence: String) -> RhoError {
        RhoError(code, place.isEmpty ? sentence : "\(place): \(sentence)")
    }

    private func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    /// The value of a key, nil when it is absent or null.
    func optional(_ key: String) throws(RhoError) -> JSONPart? {
        guard case .object(let object) = value else { throw failure("expected an object, got \(value.typeName)") }
        guard let found = object[key], !found.isNull else { return nil }
        return JSONPart(found, at: path(key))
    }

    /// The value of a key that must be there.
    func required(_ key: String) throws(RhoError) -> JSONPart {
        guard let found = try optional(key) else { throw failure("the key '\(key)' is missing") }
        return found
    }

    /// This value as a string.
    func string() throws(RhoError) -> String {
        guard let text = value.stringValue else { throw failure("expected a string, got \(value.typeName)") }
        return text
    }

    func string(_ key: String) throws(RhoError) -> String { try required(key).string() }

    func bool(_ key: String, default fallback: Bool) throws(RhoError) -> Bool {
        guard let found = try optional(key) else { return fallback }
        guard let flag = found.value.boolValue else {
            throw found.failure("expected true or false, got \(found.value.typeName)")
        }
        return flag
    }

    func int(_ key: String) throws(RhoError) -> Int { try required(key).int() }

    func int() throws(RhoError) -> Int {
        guard let number = value.intValue else { throw failure("expected a whole number, got \(shown)") }
        return number
    }

    /// This value as a list of parts.
    func array() throws(RhoError) -> [JSONPart] {
        guard let items = value.arrayValue else { throw failure("expected a list, got \(value.typeName)") }
        return items.enumerated().map { JSONPart($1, at: "\(place)[\($0)]") }
    }

    /// The `type` of a part, in the form that `choices` are written in.
    func type() throws(RhoError) -> String { try string("type") }

    /// The error for a type that is not built in.
    func unsupported(_ what: String, _ type: String, supported: [String]) -> RhoError {
        failure(
            .unsupported,
            "the \(what) '\(type)' is not supported\(suggestion(for: type, in: supported)); supported: "
                + supported.joined(separator: ", "))
    }

    /// One of the values of an enumeration by its raw value.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of: Choice.Type, default fallback: Choice? = nil
    ) throws(RhoError) -> Choice where Choice.RawValue == String {
        guard let found = try optional(key) else {
            if let fallback { return fallback }
            throw failure("the key '\(key)' is missing")
        }
        let name = try found.string()
        if let choice = Choice(rawValue: name) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        throw found.failure("expected one of \(names.joined(separator: ", ")), got '\(name)'")
    }

    /// The value for a message: short, or its kind.
    var shown: String {
        let text = value.serialized()
        return text.utf8.count <= 40 ? text : value.typeName
    }
}
