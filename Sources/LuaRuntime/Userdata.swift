import CLua
import CLuaShims
import RhoCore

/// A registered class: the identity of its metatable, and what the runtime calls.
final class BoundClass {
    let name: String
    let erased: ErasedClass

    init(_ erased: ErasedClass) {
        name = erased.name
        self.erased = erased
    }

    /// Identifies the class in boxes and in the registry.
    var key: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

    var memberNames: [String] {
        erased.methods.map { $0.declaration.key(after: ":") } + erased.properties.map(\.name) + ["release"]
    }
}

extension LuaFunctionDeclaration {
    func key(after separator: Character) -> String { name.split(separator: separator).last.map(String.init) ?? name }
}

extension LuaState {
    func register(_ erased: ErasedClass) throws(RhoError) {
        if classes[erased.name] != nil {
            throw RhoError(.internal, "class '\(erased.name)' is registered twice")
        }
        let type = BoundClass(erased)
        classes[type.name] = type
        classOfType[type.key] = type
        try needStack(8)
        let base = lua_gettop(thread)
        defer { lua_settop(thread, base) }
        rho_push_metatable(thread, type.key, type.name)
        let metatable = lua_gettop(thread)
        rho_newtable(thread)
        let methods = lua_gettop(thread)
        for method in erased.methods {
            let declaration = method.declaration
            pushFunction(
                BoundFunction(
                    declaration.name, declaration.parameters, variadic: declaration.variadic, state: self,
                    body: .method(type, method.body)))
            setFieldFromTop(methods, declaration.key(after: ":"))
        }
        pushRaw("\(type.name):release") { state, L in try state.release(type) }
        lua_pushvalue(thread, -1)
        setFieldFromTop(methods, "release")
        setFieldFromTop(metatable, "__close")
        pushMembers(type, methods, metatable)
        for item in erased.operators { push(item, of: type, into: metatable) }
    }

    private func pushMembers(_ type: BoundClass, _ methods: Int32, _ metatable: Int32) {
        let fallback = raw("\(type.name)") { state, L in try state.readMember(type) }
        bound.append(fallback)
        rho_push_index(thread, methods, Unmanaged.passUnretained(fallback).toOpaque())
        setFieldFromTop(metatable, "__index")
        pushRaw("\(type.name)") { state, L in try state.writeMember(type) }
        setFieldFromTop(metatable, "__newindex")
        pushRaw("\(type.name)") { state, L in
            let object = rho_box(L, 1).flatMap { state.liveObject($0) }
            state.push(object.map(type.erased.describe) ?? "\(type.name) (released)")
            return 1
        }
        setFieldFromTop(metatable, "__tostring")
    }

    private func push(_ item: LuaOperatorDeclaration, of type: BoundClass, into metatable: Int32) {
        let operand = LuaType.anyOf([.object(type.name), item.operand])
        let first = LuaField("a", item.op == .call ? .object(type.name) : operand, required: true, doc: "")
        var fields = [first]
        // Lua passes unary events their operand twice.
        if item.op != .call { fields.append(LuaField("b", item.op.isUnary ? .any : operand, doc: "")) }
        pushFunction(
            BoundFunction(
                "\(type.name) \(item.op.symbol)", fields, variadic: item.op == .call, state: self,
                body: .function(item.body)))
        setFieldFromTop(metatable, item.op.event)
    }

    func raw(_ place: String, _ body: @escaping (LuaState, OpaquePointer) throws -> Int32) -> BoundFunction {
        BoundFunction(place, variadic: true, state: self, body: .raw(body))
    }

    func pushRaw(_ place: String, _ body: @escaping (LuaState, OpaquePointer) throws -> Int32) {
        pushFunction(raw(place, body))
    }

    func push(object: AnyObject, className: String) throws(RhoError) {
        guard let type = classes[className] else {
            throw RhoError(.internal, "class '\(className)' is not registered")
        }
        try needStack(8)
        let bytes = type.erased.byteCount(object)
        rho_push_object(thread, Unmanaged.passRetained(object).toOpaque(), type.key, Int64(bytes))
    }

    /// The object in the box at `index`, nil for anything else and for released ones.
    func object(at index: Int32, on L: OpaquePointer) -> AnyObject? {
        rho_box(L, index).flatMap { liveObject($0) }
    }

    private func liveObject(_ box: UnsafeMutablePointer<RhoBox>) -> AnyObject? {
        box.pointee.object.map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
    }

    private func selfBox(_ type: BoundClass) throws(RhoError) -> UnsafeMutablePointer<RhoBox> {
        guard let box = rho_box(thread, 1), box.pointee.type == type.key else {
            throw complaint(1, .object(type.name), "\(type.name): the object")
        }
        return box
    }

    private func release(_ type: BoundClass) throws(RhoError) -> Int32 {
        let box = try selfBox(type)
        guard let object = liveObject(box) else { return 0 }
        type.erased.release(object)
        let place = userPlace().map { "\($0.file):\($0.line)" } ?? "an unknown place"
        rho_release_box(thread, box, place)
        return 0
    }

    /// `object.name` for what is no method: a property, an answer of `index`, or an error with the nearest member.
    private func readMember(_ type: BoundClass) throws -> Int32 {
        let box = try selfBox(type)
        guard let object = liveObject(box) else { throw released(type.name, box) }
        let key = read(2)
        if let name = key.stringValue, let property = type.erased.properties.first(where: { $0.name == name }) {
            try push(try property.get(object))
            return 1
        }
        if let answer = try type.erased.index?(object, key) {
            try push(answer)
            return 1
        }
        throw unknownMember(type, key)
    }

    private func writeMember(_ type: BoundClass) throws -> Int32 {
        let box = try selfBox(type)
        guard let object = liveObject(box) else { throw released(type.name, box) }
        let key = read(2)
        guard let name = key.stringValue, let property = type.erased.properties.first(where: { $0.name == name }) else {
            if let name = key.stringValue, type.memberNames.contains(name) {
                throw RhoError(.usage, "\(type.name).\(name) cannot be assigned")
            }
            throw unknownMember(type, key)
        }
        guard let set = property.set else { throw RhoError(.usage, "\(type.name).\(name) cannot be assigned") }
        try set(object, try take(3, property.type, place: type.name, name: name))
        return 0
    }

    private func unknownMember(_ type: BoundClass, _ key: LuaValue) -> RhoError {
        guard let name = key.stringValue else {
            return RhoError(.usage, "\(type.name) has no member \(describeForError(key))")
        }
        return RhoError(.usage, "\(type.name) has no member '\(name)'\(suggestion(for: name, in: type.memberNames))")
    }
}
