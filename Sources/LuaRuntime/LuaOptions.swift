import RhoCore

/// A checked option table: every declared field, with its value or default, in the order of declaration.
public struct LuaOptions: LuaArguments {
    public let place: String
    public let record: LuaRecord
    private let values: [LuaValue]
    private let given: [Bool]
    /// Entries beyond the fields of an open record, sorted by name.
    public let extra: [(String, LuaValue)]

    init(place: String, record: LuaRecord, values: [LuaValue], given: [Bool], extra: [(String, LuaValue)]) {
        self.extra = extra
        self.place = place
        self.record = record
        self.values = values
        self.given = given
    }

    public func value(_ name: String) throws(RhoError) -> LuaValue { values[try index(of: name)] }

    public func isSet(_ name: String) throws(RhoError) -> Bool { given[try index(of: name)] }

    /// Every field with its value and whether the script gave it, for configuration dumps.
    public var entries: [(field: LuaField, value: LuaValue, isSet: Bool)] {
        record.fields.indices.map { (record.fields[$0], values[$0], given[$0]) }
    }

    private func index(of name: String) throws(RhoError) -> Int {
        guard let index = record.fields.firstIndex(where: { $0.name == name }) else {
            throw RhoError(.internal, "\(place): option '\(name)' is not declared in \(record.name)")
        }
        return index
    }
}
