import RhoCore

/// Checked values by declared name: the arguments of a call, or the entries of an option table.
///
/// Typed getters give the value or the declared default; for an optional entry that is absent, use the `optional` twin.
public protocol LuaArguments {
    /// Whom error sentences name: `rho.train`, `Tensor:sum`.
    var place: String { get }
    /// The value or its default; `.nil` for an optional entry that was not given.
    func value(_ name: String) throws(RhoError) -> LuaValue
    /// Whether the script gave this entry, as opposed to leaving it to the default.
    func isSet(_ name: String) throws(RhoError) -> Bool
}

extension LuaArguments {
    public func string(_ name: String) throws(RhoError) -> String {
        try unwrap(name, "a string", try optionalString(name))
    }

    public func optionalString(_ name: String) throws(RhoError) -> String? {
        try convert(name, "a string") { $0.stringValue }
    }

    public func bytes(_ name: String) throws(RhoError) -> [UInt8] {
        try unwrap(name, "a string", try convert(name, "a string") { $0.bytesValue })
    }

    public func int(_ name: String) throws(RhoError) -> Int {
        try unwrap(name, "an integer", try optionalInt(name))
    }

    public func optionalInt(_ name: String) throws(RhoError) -> Int? {
        try convert(name, "an integer") { $0.intValue }
    }

    public func double(_ name: String) throws(RhoError) -> Double {
        try unwrap(name, "a number", try optionalDouble(name))
    }

    public func optionalDouble(_ name: String) throws(RhoError) -> Double? {
        try convert(name, "a number") { $0.doubleValue }
    }

    public func bool(_ name: String) throws(RhoError) -> Bool {
        try unwrap(name, "true or false", try optionalBool(name))
    }

    public func optionalBool(_ name: String) throws(RhoError) -> Bool? {
        try convert(name, "true or false") { $0.boolValue }
    }

    public func list(_ name: String) throws(RhoError) -> [LuaValue] {
        try unwrap(name, "a list", try optionalList(name))
    }

    public func optionalList(_ name: String) throws(RhoError) -> [LuaValue]? {
        try convert(name, "a list") { $0.listValue }
    }

    public func ints(_ name: String) throws(RhoError) -> [Int] {
        try elements(name, "integers") { $0.intValue }
    }

    public func doubles(_ name: String) throws(RhoError) -> [Double] {
        try elements(name, "numbers") { $0.doubleValue }
    }

    public func strings(_ name: String) throws(RhoError) -> [String] {
        try elements(name, "strings") { $0.stringValue }
    }

    /// The entries of a `map`, sorted by key.
    public func record(_ name: String) throws(RhoError) -> [(String, LuaValue)] {
        try unwrap(name, "a table", try convert(name, "a table") { $0.recordValue })
    }

    public func object<T: AnyObject>(_ name: String, as type: T.Type) throws(RhoError) -> T {
        try unwrap(name, "an object", try optionalObject(name, as: type))
    }

    public func optionalObject<T: AnyObject>(_ name: String, as type: T.Type) throws(RhoError) -> T? {
        try convert(name, "an object of type \(T.self)") { $0.object(as: type) }
    }

    public func function(_ name: String) throws(RhoError) -> LuaFunction {
        try unwrap(name, "a function", try optionalFunction(name))
    }

    public func optionalFunction(_ name: String) throws(RhoError) -> LuaFunction? {
        try convert(name, "a function") { $0.functionValue }
    }

    public func table(_ name: String) throws(RhoError) -> LuaTable {
        try unwrap(name, "a table", try optionalTable(name))
    }

    public func optionalTable(_ name: String) throws(RhoError) -> LuaTable? {
        try convert(name, "a table") { $0.tableValue }
    }

    public func options(_ name: String) throws(RhoError) -> LuaOptions {
        try unwrap(name, "a table of options", try optionalOptions(name))
    }

    public func optionalOptions(_ name: String) throws(RhoError) -> LuaOptions? {
        try convert(name, "a table of options") { $0.optionsValue }
    }

    private func convert<T>(_ name: String, _ expected: String, _ read: (LuaValue) -> T?) throws(RhoError) -> T? {
        let value = try value(name)
        if value.isNil { return nil }
        guard let result = read(value) else {
            throw RhoError(.value, "\(place): \(name) must be \(expected), got \(describeForError(value))")
        }
        return result
    }

    private func unwrap<T>(_ name: String, _ expected: String, _ value: T?) throws(RhoError) -> T {
        guard let value else { throw RhoError(.usage, "\(place): \(name) is required (\(expected))") }
        return value
    }

    private func elements<T>(_ name: String, _ expected: String, _ read: (LuaValue) -> T?) throws(RhoError) -> [T] {
        var result: [T] = []
        for (offset, value) in try list(name).enumerated() {
            guard let element = read(value) else {
                throw RhoError(
                    .value,
                    "\(place): \(name) must be a list of \(expected), but element \(offset + 1) is "
                        + describeForError(value))
            }
            result.append(element)
        }
        return result
    }
}

/// A value as error sentences show it: short, in source form, with its type where the form does not tell.
func describeForError(_ value: LuaValue) -> String {
    switch value {
    case .nil: "nil"
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): formatNumber(value)
    case .string(let text): quoteShort(text)
    case .bytes(let bytes): quoteShort(String(decoding: bytes, as: UTF8.self))
    case .list, .record, .table, .options: "a table"
    case .function: "a function"
    case .object(_, let name): article(name)
    case .other(let reference): article(reference.typeName)
    }
}

func quoteShort(_ text: String) -> String {
    let limit = 60
    let cut =
        text.unicodeScalars.count > limit
        ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "…" : text
    return "\"" + escapeForLua(cut) + "\""
}
