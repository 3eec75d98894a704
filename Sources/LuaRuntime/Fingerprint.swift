import CLua
import CLuaShims
import RhoCore

/// A canonical walk over a Lua value into SHA-256. Every piece is tagged and length-prefixed; objects met again are
/// written as their number in the walk, so cycles end and sharing counts.
struct Fingerprint {
    private let state: LuaState
    private var hasher = SHA256Hasher()
    private var seen: [UnsafeRawPointer: Int] = [:]
    private var moduleNames: [UnsafeRawPointer: String] = [:]
    /// Library names met that reach the world outside the value.
    private var outside: Set<String> = []

    /// The hash of the value on top of the stack, which stays there, and what it may reach beyond itself.
    static func identity(ofTop state: LuaState) throws(RhoError) -> LuaFunctionIdentity {
        var walk = Fingerprint(state: state)
        try walk.noteModules()
        try walk.add(-1, depth: 0)
        return LuaFunctionIdentity(hash: walk.hasher.finalizeHex(), outside: walk.outside.sorted())
    }

    /// Names under which code reaches files, the clock, the environment or code that is not part of it.
    private static let outsideNames: Set<String> = ["io", "os", "require", "dofile", "loadfile"]

    private mutating func noteOutside(_ name: String) {
        let first = String(name.prefix { $0 != "." })
        if Self.outsideNames.contains(first) { outside.insert(first) }
    }

    private init(state: LuaState) { self.state = state }

    private var L: OpaquePointer { state.thread }

    /// Loaded modules of the library count by name: they belong to the program's version.
    private mutating func noteModules() throws(RhoError) {
        for (key, value) in try state.modules.cache?.entries() ?? [] {
            guard let name = key.stringValue, case .table(let table) = value, let address = table.address else {
                continue
            }
            if !state.modules.userModules.contains(name) { moduleNames[address] = name }
        }
    }

    private mutating func add(tag: String, _ text: String = "") {
        hasher.update(tag)
        hasher.update(UInt64(text.utf8.count))
        hasher.update(text)
    }

    private mutating func add(_ index: Int32, depth: Int) throws(RhoError) {
        if depth > 150 { throw unsupported("a value nested more than 150 levels deep") }
        try state.needStack(8)
        let index = lua_absindex(L, index)
        switch lua_type(L, index) {
        case LUA_TNIL: add(tag: "nil")
        case LUA_TBOOLEAN: add(tag: "boolean", lua_toboolean(L, index) != 0 ? "1" : "0")
        case LUA_TNUMBER:
            // Integers and floats of the same value are the same key and compare equal, but differ in arithmetic.
            if lua_isinteger(L, index) != 0 {
                add(tag: "integer", String(lua_tointegerx(L, index, nil)))
            } else {
                add(tag: "float", String(lua_tonumberx(L, index, nil).bitPattern))
            }
        case LUA_TSTRING:
            let bytes = state.stringBytes(index)
            hasher.update("string")
            hasher.update(UInt64(bytes.count))
            hasher.update(UnsafeRawBufferPointer(bytes))
        case LUA_TTABLE: try addTable(index, depth)
        case LUA_TFUNCTION: try addFunction(index, depth)
        case LUA_TUSERDATA: try addObject(index)
        default: throw unsupported("a " + String(cString: lua_typename(L, lua_type(L, index))))
        }
    }

    /// Returns false where the object was met before, and then has written its number.
    private mutating func enter(_ index: Int32) -> Bool {
        guard let address = lua_topointer(L, index) else { return true }
        if let number = seen[address] {
            add(tag: "again", String(number))
            return false
        }
        seen[address] = seen.count
        return true
    }

    private mutating func addTable(_ index: Int32, _ depth: Int) throws(RhoError) {
        if let address = lua_topointer(L, index) {
            if address == state.globalsAddress || address == state.libraryGlobals?.address {
                if let session = state.openSession {
                    outside.insert("_G")
                    add(tag: "session", session)
                }
                return add(tag: "globals")
            }
            if let name = moduleNames[address] { return add(tag: "module", name) }
        }
        guard enter(index) else { return }
        let count = try state.pushSortedPairs(index)
        add(tag: "table", String(count))
        let pairs = lua_gettop(L)
        for i in 0..<(2 * count) {
            lua_rawgeti(L, pairs, lua_Integer(i + 1))
            try add(-1, depth: depth + 1)
            rho_pop(L, 1)
        }
        rho_pop(L, 1)
        if lua_getmetatable(L, index) != 0 {
            add(tag: "metatable")
            try add(-1, depth: depth + 1)
            rho_pop(L, 1)
        }
    }

    private mutating func addFunction(_ index: Int32, _ depth: Int) throws(RhoError) {
        if lua_iscfunction(L, index) != 0 { return try addNative(index) }
        guard enter(index) else { return }
        var dump: [UInt8] = []
        withUnsafeMutablePointer(to: &dump) { pointer in
            _ = rho_dump(
                L, index,
                { context, bytes, count in
                    guard let bytes, let dump = context?.assumingMemoryBound(to: [UInt8].self) else { return }
                    dump.pointee.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
                }, pointer)
        }
        let code = try Bytecode.withoutLines(dump) { noteOutside($0) }
        hasher.update("function")
        hasher.update(UInt64(code.count))
        hasher.update(code)
        var upvalue: Int32 = 1
        while lua_getupvalue(L, index, upvalue) != nil {
            add(tag: "upvalue", String(upvalue))
            try add(-1, depth: depth + 1)
            rho_pop(L, 1)
            upvalue += 1
        }
    }

    private mutating func addNative(_ index: Int32) throws(RhoError) {
        if let address = lua_topointer(L, index), let name = state.standardNames[address] {
            noteOutside(name)
            return add(tag: "native", name)
        }
        guard let function = state.boundFunction(index) else { throw unsupported("a native function without a name") }
        if case .lua(let wrapped) = function.body {
            add(tag: "declared", function.place)
            try wrapped.push(in: state)
            try addFunction(lua_gettop(L), 0)
            rho_pop(L, 1)
        } else {
            add(tag: "native", function.place)
        }
    }

    private mutating func addObject(_ index: Int32) throws(RhoError) {
        guard let box = rho_box(L, index), let type = state.classOfType[box.pointee.type],
            let object = state.object(at: index, on: L)
        else { throw unsupported("foreign userdata") }
        let content: String?
        do {
            content = try type.erased.fingerprint?(object) ?? state.objectFingerprint?(object)
        } catch {
            throw error as? RhoError ?? RhoError(.unsupported, "\(error)")
        }
        guard let content else { throw unsupported(article(type.name)) }
        add(tag: "object " + type.name, content)
    }

    private func unsupported(_ what: String) -> RhoError {
        RhoError(.unsupported, "a function that captures \(what) has no fingerprint")
    }
}

/// Lua 5.4's dump format, as far as it takes to leave the line numbers of functions out: `string.dump` with strip keeps
/// where each function begins and ends, which changes with every comment above it.
enum Bytecode {
    /// - Parameter constant: called with each string among the constants, such as the names of globals.
    static func withoutLines(_ dump: [UInt8], constant: (String) -> Void = { _ in }) throws(RhoError) -> [UInt8] {
        // Signature 4, version 1, format 1, check bytes 6, three sizes, a test integer and a test float of 8 each,
        // number of upvalues 1.
        var reader = Reader(bytes: dump, position: 4 + 1 + 1 + 6 + 3 + 8 + 8 + 1)
        try reader.function(constant)
        guard reader.position == dump.count else { throw Reader.unknown }
        return reader.kept
    }

    private struct Reader {
        static let unknown = RhoError(.internal, "Lua's bytecode has an unknown form")
        let bytes: [UInt8]
        var position: Int
        var kept: [UInt8] = []

        mutating func function(_ constant: (String) -> Void) throws(RhoError) {
            try string()
            try skipNumber()
            try skipNumber()
            try keep(3)
            try keep(4 * (try number()))
            for _ in 0..<(try number()) {
                switch try byte() {
                case 0x00, 0x01, 0x11: break
                case 0x03, 0x13: try keep(8)
                case 0x04, 0x14: constant(String(decoding: try string(), as: UTF8.self))
                default: throw Self.unknown
                }
            }
            try keep(3 * (try number()))
            for _ in 0..<(try number()) { try function(constant) }
            // Debug information, empty in a stripped dump.
            for _ in 0..<4 where try number() != 0 { throw Self.unknown }
        }

        mutating func byte() throws(RhoError) -> UInt8 {
            guard position < bytes.count else { throw Self.unknown }
            defer { position += 1 }
            kept.append(bytes[position])
            return bytes[position]
        }

        mutating func keep(_ count: Int) throws(RhoError) {
            guard count >= 0, position + count <= bytes.count else { throw Self.unknown }
            kept += bytes[position..<(position + count)]
            position += count
        }

        /// Seven bits a byte, most significant first; the last byte has its top bit set.
        mutating func number() throws(RhoError) -> Int {
            var value = 0
            while true {
                let next = try byte()
                guard value < 1 << 48 else { throw Self.unknown }
                value = value << 7 | Int(next & 0x7F)
                if next & 0x80 != 0 { return value }
            }
        }

        mutating func skipNumber() throws(RhoError) {
            let before = kept.count
            _ = try number()
            kept.removeSubrange(before...)
        }

        @discardableResult
        mutating func string() throws(RhoError) -> ArraySlice<UInt8> {
            let size = try number()
            if size > 0 { try keep(size - 1) }
            return kept.suffix(max(0, size - 1))
        }
    }
}
