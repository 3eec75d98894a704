import RhoCore

/// Every declaration of a state, in the order of registration: the source of manual, help and editor stubs.
public final class LuaCatalog {
    public struct Function: Sendable {
        /// `rho.data.jsonl`, or `Tensor:sum` for methods.
        public let name: String
        public let doc: String
        public let parameters: [LuaField]
        public let returns: [LuaResult]
        public let example: String?
        public let variadic: Bool
    }

    public struct Property: Sendable {
        public let name: String
        public let type: LuaType
        public let doc: String
        public let writable: Bool
    }

    public struct Operator: Sendable {
        public let op: LuaOperator
        public let operand: LuaType
        public let doc: String
    }

    public struct Class: Sendable {
        public let name: String
        public let doc: String
        public let methods: [Function]
        public let properties: [Property]
        public let operators: [Operator]
        /// A Lua table with a metatable of that name, not a native object.
        public var isTable = false
    }

    public struct Module: Sendable {
        public let name: String
        public let doc: String
        public let constants: [Constant]
    }

    public struct Constant: Sendable {
        public let name: String
        public let value: LuaConstant
        public let doc: String
    }

    public private(set) var modules: [Module] = []
    public private(set) var functions: [Function] = []
    public private(set) var classes: [Class] = []
    public private(set) var records: [LuaRecord] = []

    public init() {}

    func add(_ module: LuaModuleDeclaration) {
        let constants = module.constants.map { Constant(name: $0.name, value: $0.value, doc: $0.doc) }
        modules.append(Module(name: module.name, doc: module.doc, constants: constants))
        for record in module.records { add(record) }
        for item in module.classes { add(item.entry) }
        for function in module.functions { add(Function(function)) }
    }

    /// Adds a function; a later declaration of the same name takes the place of the earlier one.
    func add(_ function: Function) {
        if let known = functions.firstIndex(where: { $0.name == function.name }) {
            functions[known] = function
        } else {
            functions.append(function)
        }
    }

    func add(_ item: Class) {
        if let known = classes.firstIndex(where: { $0.name == item.name }) {
            classes[known] = item
        } else {
            classes.append(item)
        }
    }

    func add(_ record: LuaRecord) {
        if let known = records.firstIndex(where: { $0.name == record.name }) {
            records[known] = record
        } else {
            records.append(record)
        }
    }

    public func record(_ name: String) -> LuaRecord? { records.first { $0.name == name } }

    /// The function or method of that full name.
    public func function(_ name: String) -> Function? {
        functions.first { $0.name == name } ?? classes.lazy.flatMap(\.methods).first { $0.name == name }
    }

    /// Every name that ``DocsEmitter/help(_:)`` answers to.
    public var names: [String] {
        modules.map(\.name) + functions.map(\.name) + classes.map(\.name) + records.map(\.name)
            + classes.flatMap { item in
                item.methods.map(\.name) + item.properties.map { "\(item.name).\($0.name)" }
            }
    }
}

extension LuaCatalog.Function {
    init(_ declaration: LuaFunctionDeclaration) {
        self.init(
            name: declaration.name, doc: declaration.doc, parameters: declaration.parameters,
            returns: declaration.returns, example: declaration.example, variadic: declaration.variadic)
    }
}
