/// The events a class may define beyond its methods.
public enum LuaOperator: String, Sendable, CaseIterable {
    case add, sub, mul, div, mod, pow, idiv, concat, eq, lt, le
    case band, bor, bxor, shl, shr, bnot
    case unm, len, call

    var event: String { "__" + rawValue }

    /// One operand (`-a`, `#a`) instead of two.
    var isUnary: Bool { self == .unm || self == .len || self == .bnot }

    /// The operator as a script writes it, for error sentences.
    public var symbol: String {
        switch self {
        case .add: "+"
        case .sub, .unm: "-"
        case .mul: "*"
        case .div: "/"
        case .mod: "%"
        case .pow: "^"
        case .idiv: "//"
        case .concat: ".."
        case .eq: "=="
        case .lt: "<"
        case .le: "<="
        case .band: "&"
        case .bor: "|"
        case .bxor, .bnot: "~"
        case .shl: "<<"
        case .shr: ">>"
        case .len: "#"
        case .call: "()"
        }
    }
}

/// A method: called as `object:name(…)`; the body gets the object and the checked arguments after it.
public struct LuaMethod<Object: AnyObject> {
    public let name: String
    public let doc: String
    public let parameters: [LuaField]
    public let returns: [LuaResult]
    public let example: String?
    public let variadic: Bool
    public let body: (Object, LuaCall) throws -> [LuaValue]

    public init(
        _ name: String, doc: String, parameters: [LuaField] = [], returns: [LuaResult] = [], example: String? = nil,
        variadic: Bool = false, body: @escaping (Object, LuaCall) throws -> [LuaValue]
    ) {
        self.name = name
        self.doc = doc
        self.parameters = parameters
        self.returns = returns
        self.example = example
        self.variadic = variadic
        self.body = body
    }
}

/// A property: read as `object.name`; with `set`, also assigned.
public struct LuaProperty<Object: AnyObject> {
    public let name: String
    public let type: LuaType
    public let doc: String
    public let get: (Object) throws -> LuaValue
    public let set: ((Object, LuaValue) throws -> Void)?

    public init(
        _ name: String, _ type: LuaType, doc: String, get: @escaping (Object) throws -> LuaValue,
        set: ((Object, LuaValue) throws -> Void)? = nil
    ) {
        self.name = name
        self.type = type
        self.doc = doc
        self.get = get
        self.set = set
    }
}

/// The behaviour of one operator. Binary bodies read their operands as `call.value("a")` and `call.value("b")`, in
/// source order (in `2 * t` the number is `a`); unary bodies read `a`; `()` has the object as `a` and its arguments in
/// `call.rest`. Both operands have been checked to be of the class or of `operand`.
public struct LuaOperatorDeclaration {
    public let op: LuaOperator
    public let operand: LuaType
    public let doc: String
    public let body: (LuaCall) throws -> [LuaValue]

    public init(
        _ op: LuaOperator, operand: LuaType = .any, doc: String, body: @escaping (LuaCall) throws -> [LuaValue]
    ) {
        self.op = op
        self.operand = operand
        self.doc = doc
        self.body = body
    }
}

/// A Swift class as scripts see it. Boxes hold one strong reference, dropped by the collector, by `:release()` or at
/// the end of a `<close>` variable; `release` runs only for the latter two.
public struct LuaClassDeclaration<Object: AnyObject>: LuaClass {
    public let name: String
    public let doc: String
    public let methods: [LuaMethod<Object>]
    public let properties: [LuaProperty<Object>]
    public let operators: [LuaOperatorDeclaration]
    /// What `tostring(object)` and `print(object)` show.
    public let describe: (Object) -> String
    /// Answers `object[key]` for keys that are no member (integers, column names); nil = unknown member.
    public let index: ((Object, LuaValue) throws -> LuaValue?)?
    /// Memory outside Lua's heap that this object keeps alive, in bytes, when it is handed to a script.
    public let byteCount: (Object) -> Int
    /// Frees what can be freed at once, ahead of the last reference.
    public let release: (Object) -> Void
    /// Names the content, for ``LuaFunction/fingerprint()`` of functions that capture such objects.
    public let fingerprint: ((Object) -> String)?

    public init(
        _ name: String, doc: String, methods: [LuaMethod<Object>] = [], properties: [LuaProperty<Object>] = [],
        operators: [LuaOperatorDeclaration] = [], describe: ((Object) -> String)? = nil,
        index: ((Object, LuaValue) throws -> LuaValue?)? = nil, byteCount: @escaping (Object) -> Int = { _ in 0 },
        release: @escaping (Object) -> Void = { _ in }, fingerprint: ((Object) -> String)? = nil
    ) {
        self.name = name
        self.doc = doc
        self.methods = methods
        self.properties = properties
        self.operators = operators
        self.describe = describe ?? { _ in name }
        self.index = index
        self.byteCount = byteCount
        self.release = release
        self.fingerprint = fingerprint
    }
}
