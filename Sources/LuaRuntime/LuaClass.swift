import CLua
import RhoCore

/// A class declaration whose Swift type has been erased, so that modules can list classes of different types.
public protocol LuaClass {
    var name: String { get }
    var doc: String { get }
    /// The manual entry.
    var entry: LuaCatalog.Class { get }
    /// What the runtime needs to make and serve boxes.
    func bind() -> ErasedClass
}

/// The closures of a class over `AnyObject`; made by ``LuaClassDeclaration``, used by the runtime.
public struct ErasedClass {
    struct Method {
        let declaration: LuaFunctionDeclaration
        let body: (AnyObject, LuaCall) throws -> [LuaValue]
    }
    struct Property {
        let name: String
        let type: LuaType
        let get: (AnyObject) throws -> LuaValue
        let set: ((AnyObject, LuaValue) throws -> Void)?
    }

    let name: String
    let methods: [Method]
    let properties: [Property]
    let operators: [LuaOperatorDeclaration]
    let describe: (AnyObject) -> String
    let index: ((AnyObject, LuaValue) throws -> LuaValue?)?
    let byteCount: (AnyObject) -> Int
    let release: (AnyObject) -> Void
    let fingerprint: ((AnyObject) -> String)?
}

extension LuaClassDeclaration {
    public var entry: LuaCatalog.Class {
        LuaCatalog.Class(
            name: name, doc: doc,
            methods: methods.map {
                LuaCatalog.Function(
                    name: "\(name):\($0.name)", doc: $0.doc, parameters: $0.parameters, returns: $0.returns,
                    example: $0.example, variadic: $0.variadic)
            },
            properties: properties.map {
                LuaCatalog.Property(name: $0.name, type: $0.type, doc: $0.doc, writable: $0.set != nil)
            },
            operators: operators.map { LuaCatalog.Operator(op: $0.op, operand: $0.operand, doc: $0.doc) })
    }

    public func bind() -> ErasedClass {
        // Every closure below runs only on objects that came out of a box of this class.
        func own(_ object: AnyObject) throws -> Object {
            guard let object = object as? Object else {
                throw RhoError(.internal, "an object of another Swift type was pushed as \(name)")
            }
            return object
        }
        return ErasedClass(
            name: name,
            methods: methods.map { method in
                ErasedClass.Method(
                    declaration: LuaFunctionDeclaration(
                        "\(name):\(method.name)", doc: method.doc, parameters: method.parameters,
                        returns: method.returns, example: method.example, variadic: method.variadic, body: { _ in [] }),
                    body: { object, call in try method.body(try own(object), call) })
            },
            properties: properties.map { property in
                let set: ((AnyObject, LuaValue) throws -> Void)? =
                    property.set.map { set in { object, value in try set(try own(object), value) } }
                return ErasedClass.Property(
                    name: property.name, type: property.type, get: { try property.get(try own($0)) }, set: set)
            },
            operators: operators,
            describe: { [describe, name] object in (object as? Object).map(describe) ?? name },
            index: index.map { index in { object, key in try index(try own(object), key) } },
            byteCount: { [byteCount] object in (object as? Object).map(byteCount) ?? 0 },
            release: { [release] object in if let object = object as? Object { release(object) } },
            fingerprint: fingerprint.map { fingerprint in
                { object in (object as? Object).map(fingerprint) ?? "" }
            })
    }
}
