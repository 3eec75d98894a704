import CLua
import CLuaShims
import RhoCore

/// A parameter prepared for calls.
struct BoundParameter {
    let name: String
    let type: LuaType
    let required: Bool
    let defaultValue: LuaValue
    /// Place among the call's converted values; -1 for types that are read straight from Lua's stack.
    let conversion: Int

    init(_ field: LuaField, conversion: inout Int) {
        name = field.name
        type = field.type
        required = field.required
        defaultValue = field.defaultValue.map { LuaValue($0) } ?? .nil
        self.conversion = field.type.isScalar ? -1 : conversion
        if !field.type.isScalar { conversion += 1 }
    }

    /// The check of the type as plain numbers, so that a call looks at it without counting references.
    var quickCheck: QuickCheck {
        if conversion >= 0 { return QuickCheck(kind: .convert, required: required) }
        switch type {
        case .any: return QuickCheck(kind: .any, required: required)
        case .integer(let min, let max):
            return QuickCheck(kind: .integer, required: required, low: min ?? .min, high: max ?? .max)
        case .number(nil, nil, _): return QuickCheck(kind: .luaType, required: required, low: Int(LUA_TNUMBER))
        case .boolean: return QuickCheck(kind: .luaType, required: required, low: Int(LUA_TBOOLEAN))
        case .string: return QuickCheck(kind: .luaType, required: required, low: Int(LUA_TSTRING))
        case .table: return QuickCheck(kind: .luaType, required: required, low: Int(LUA_TTABLE))
        case .function: return QuickCheck(kind: .luaType, required: required, low: Int(LUA_TFUNCTION))
        default: return QuickCheck(kind: .full, required: required)
        }
    }
}

struct QuickCheck {
    enum Kind { case any, integer, luaType, full, convert }
    let kind: Kind
    let required: Bool
    var low = 0
    var high = 0

    /// Whether the value passes for certain; false means that the full check decides.
    func passes(_ L: OpaquePointer, _ slot: Int32, _ type: Int32) -> Bool {
        switch kind {
        case .any: return true
        case .luaType: return Int(type) == low
        case .integer:
            var exact: Int32 = 0
            guard type == LUA_TNUMBER else { return false }
            let value = Int(lua_tointegerx(L, slot, &exact))
            return exact != 0 && value >= low && value <= high
        case .full, .convert: return false
        }
    }
}

/// A native function as the trampoline finds it: parameters to check, then a body.
final class BoundFunction {
    enum Body {
        case function((LuaCall) throws -> [LuaValue])
        case method(BoundClass, (AnyObject, LuaCall) throws -> [LuaValue])
        /// A declared Lua function: called with checked arguments after Swift has returned.
        case lua(LuaFunction)
        /// A host function that works on the stack itself and returns the number of its results.
        case raw((LuaState, OpaquePointer) throws -> Int32)
    }

    let place: String
    let parameters: [BoundParameter]
    let variadic: Bool
    let body: Body
    let firstArgument: Int32
    let conversions: Int
    private let checks: ContiguousArray<QuickCheck>
    unowned(unsafe) let state: LuaState

    init(_ place: String, _ fields: [LuaField] = [], variadic: Bool = false, state: LuaState, body: Body) {
        self.place = place
        self.variadic = variadic
        self.body = body
        self.state = state
        if case .method = body { firstArgument = 2 } else { firstArgument = 1 }
        var conversions = 0
        parameters = fields.map { BoundParameter($0, conversion: &conversions) }
        self.conversions = conversions
        checks = ContiguousArray(parameters.map(\.quickCheck))
    }

    /// Runs a call from the trampoline. Never lets a Lua error pass: returns a code, and C raises.
    func run(_ L: OpaquePointer) -> Int32 {
        let caller = state.thread
        state.thread = L
        defer { state.thread = caller }
        do {
            switch body {
            case .function(let body):
                return try state.pushResults(try body(try checkedCall(L)))
            case .method(let type, let body):
                let object = try selfObject(L, type)
                return try state.pushResults(try body(object, try checkedCall(L)))
            case .lua(let function):
                return try tailCall(function, L)
            case .raw(let body):
                return try body(state, L)
            }
        } catch {
            state.pushError(error, place: place)
            return Int32(RHO_RAISE)
        }
    }

    private func checkedCall(_ L: OpaquePointer) throws(RhoError) -> LuaCall {
        let count = lua_gettop(L)
        let last = firstArgument + Int32(parameters.count) - 1
        if count > last && !variadic { try refuseExtra(L, count, last) }
        var converted: [LuaValue] = []
        if conversions > 0 { converted.reserveCapacity(conversions) }
        for offset in checks.indices {
            let check = checks[offset]
            let slot = firstArgument + Int32(offset)
            let type = lua_type(L, slot)
            if check.kind == .convert {
                converted.append(try convert(parameters[offset], slot))
            } else if type <= LUA_TNIL {
                if check.required { throw missing(parameters[offset]) }
            } else if !check.passes(L, slot, type) {
                try fullCheck(parameters[offset], slot)
            }
        }
        return LuaCall(state: state, function: self, L: L, converted: converted)
    }

    private func fullCheck(_ parameter: BoundParameter, _ slot: Int32) throws(RhoError) {
        if !state.fits(slot, parameter.type) {
            throw state.complaint(slot, parameter.type, "\(place): \(parameter.name)")
        }
    }

    private func convert(_ parameter: BoundParameter, _ slot: Int32) throws(RhoError) -> LuaValue {
        let absent = lua_type(state.thread, slot) <= LUA_TNIL
        if case .options(let name) = parameter.type, parameter.required || !absent || state.hasRequired(name) == false {
            return .options(try state.takeOptions(slot, try state.record(name), place: place, prefix: ""))
        }
        if absent {
            if parameter.required { throw missing(parameter) }
            return parameter.defaultValue
        }
        return try state.take(slot, parameter.type, place: place, name: parameter.name)
    }

    private func missing(_ parameter: BoundParameter) -> RhoError {
        RhoError(.usage, "\(place): \(parameter.name) is required (\(parameter.type.expectation))")
    }

    private func refuseExtra(_ L: OpaquePointer, _ count: Int32, _ last: Int32) throws(RhoError) {
        for slot in (last + 1)...count where lua_type(L, slot) != LUA_TNIL {
            let most = parameters.count
            let noun = most == 0 ? "no arguments" : "at most \(most) argument\(most == 1 ? "" : "s")"
            throw RhoError(.usage, "\(place): takes \(noun), got \(count - firstArgument + 1)")
        }
    }

    private func selfObject(_ L: OpaquePointer, _ type: BoundClass) throws(RhoError) -> AnyObject {
        if let box = rho_box(L, 1), box.pointee.type == type.key {
            if let object = box.pointee.object { return Unmanaged<AnyObject>.fromOpaque(object).takeUnretainedValue() }
            throw state.released(type.name, box)
        }
        let method = place.split(separator: ":").last.map(String.init) ?? place
        let variable = type.name.lowercased()
        let given = lua_type(L, 1) == LUA_TNONE ? "nothing" : describeForError(state.read(1))
        throw RhoError(
            .usage,
            "\(place): the object must be \(article(type.name)), got \(given) "
                + "(use \(variable):\(method)(...), not \(variable).\(method)(...))")
    }

    private func tailCall(_ function: LuaFunction, _ L: OpaquePointer) throws(RhoError) -> Int32 {
        let count = lua_gettop(L)
        let declared = Int32(parameters.count)
        if count > declared && !variadic { try refuseExtra(L, count, declared) }
        try state.needStack(Int(max(count, declared)) + 12)
        lua_settop(L, max(count, declared))
        try function.push(in: state)
        for (offset, parameter) in parameters.enumerated() {
            try state.pushChecked(Int32(offset) + 1, parameter, place: place)
        }
        if count > declared { for slot in (declared + 1)...count { lua_pushvalue(L, slot) } }
        rho_set_tail(L, max(count, declared))
        return Int32(RHO_TAIL_CALL)
    }
}

extension RhoCallbacks {
    static let standard = RhoCallbacks(
        dispatch: { L, pointer in
            guard let L, let pointer else { return 0 }
            return Unmanaged<BoundFunction>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.run(L) }
        },
        drop: { object in
            guard let object else { return }
            Unmanaged<AnyObject>.fromOpaque(object).release()
        },
        unwind: { L, reason in
            guard let L, let state = LuaState.owning(L) else { return }
            state.with(thread: L) { state.pushUnwindValue(reason: reason) }
        },
        observe: { L in
            guard let L, let state = LuaState.owning(L) else { return }
            state.with(thread: L) { state.noteError() }
        })
}

extension LuaState {
    static func owning(_ L: OpaquePointer) -> LuaState? {
        guard let owner = rho_host_owner(L) else { return nil }
        return Unmanaged<LuaState>.fromOpaque(owner).takeUnretainedValue()
    }

    func with(thread L: OpaquePointer, _ body: () -> Void) {
        let caller = thread
        thread = L
        body()
        thread = caller
    }

    /// Pushes a Lua function that runs `function`, which lives as long as this state.
    func pushFunction(_ function: BoundFunction) {
        bound.append(function)
        rho_push_function(thread, Unmanaged.passUnretained(function).toOpaque())
    }

    /// The declared function behind the native function at `index`.
    func boundFunction(_ index: Int32) -> BoundFunction? {
        guard rho_is_trampoline(thread, index), lua_getupvalue(thread, index, 1) != nil else { return nil }
        defer { rho_pop(thread, 1) }
        return lua_touserdata(thread, -1).map { Unmanaged<BoundFunction>.fromOpaque($0).takeUnretainedValue() }
    }
}
