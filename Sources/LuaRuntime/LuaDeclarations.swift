/// One named argument or option.
public struct LuaField: Sendable, Equatable {
    public let name: String
    public let type: LuaType
    public let defaultValue: LuaConstant?
    public let required: Bool
    public let doc: String
    /// `nats`, `tokens`, `seconds`; shown in the manual.
    public let unit: String?
    /// In an option table: may also be given in the array part, in the order of declaration (`{ "path", text = … }`).
    /// A record whose only positional field is a list takes the whole array part as that list.
    public let positional: Bool

    /// A field without a default that is not required is optional: absent means nil.
    public init(
        _ name: String, _ type: LuaType, default defaultValue: LuaConstant? = nil, required: Bool = false,
        positional: Bool = false, unit: String? = nil, doc: String
    ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.required = required
        self.positional = positional
        self.unit = unit
        self.doc = doc
    }
}

/// A named option table. Keys outside the list are errors that name the nearest key.
public struct LuaRecord: Sendable, Equatable {
    public let name: String
    public let fields: [LuaField]
    public let doc: String
    /// What further string keys stand for (`the runs, by name`); nil where there may be none.
    public let open: String?

    public init(_ name: String, doc: String = "", open: String? = nil, _ fields: [LuaField]) {
        self.name = name
        self.doc = doc
        self.open = open
        self.fields = fields
    }

    /// The same record with further fields, under another name: option tables that share a part share its declaration.
    public func extended(as name: String, doc: String? = nil, _ more: [LuaField]) -> LuaRecord {
        LuaRecord(name, doc: doc ?? self.doc, open: open, fields + more)
    }
}

/// One result of a function.
public struct LuaResult: Sendable, Equatable {
    public let type: LuaType
    public let doc: String

    public init(_ type: LuaType, _ doc: String = "") {
        self.type = type
        self.doc = doc
    }
}

/// A native function: its signature, its manual entry and its body.
///
/// The body runs after every argument has passed its check. It returns its results or throws ``RhoError`` (or a
/// ``LuaError`` that came out of a callback, which reaches the script as the same Lua value).
public struct LuaFunctionDeclaration {
    /// The full public name, `rho.data.jsonl`; the part after the last dot is the key in the module table.
    public let name: String
    public let doc: String
    public let parameters: [LuaField]
    public let returns: [LuaResult]
    public let example: String?
    /// Further arguments of any type after the declared ones; `call.rest` has them.
    public let variadic: Bool
    public let body: (LuaCall) throws -> [LuaValue]

    public init(
        _ name: String, doc: String, parameters: [LuaField] = [], returns: [LuaResult] = [], example: String? = nil,
        variadic: Bool = false, body: @escaping (LuaCall) throws -> [LuaValue]
    ) {
        self.name = name
        self.doc = doc
        self.parameters = parameters
        self.returns = returns
        self.example = example
        self.variadic = variadic
        self.body = body
    }

    /// The key in the module table.
    public var key: String { name.split(separator: ".").last.map(String.init) ?? name }
}

/// A table of native functions, with the classes and option records that they use.
public struct LuaModuleDeclaration {
    /// The name for `require`, and the prefix in the manual.
    public let name: String
    public let doc: String
    public let functions: [LuaFunctionDeclaration]
    public let classes: [any LuaClass]
    public let records: [LuaRecord]
    public let constants: [(name: String, value: LuaConstant, doc: String)]

    public init(
        _ name: String, doc: String, functions: [LuaFunctionDeclaration] = [], classes: [any LuaClass] = [],
        records: [LuaRecord] = [], constants: [(name: String, value: LuaConstant, doc: String)] = []
    ) {
        self.name = name
        self.doc = doc
        self.functions = functions
        self.classes = classes
        self.records = records
        self.constants = constants
    }
}
