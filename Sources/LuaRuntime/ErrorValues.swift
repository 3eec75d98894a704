import CLua
import CLuaShims
import RhoCore

/// What was seen of an error while the stack that raised it still stood.
struct NotedError {
    let address: UnsafeRawPointer?
    let place: (file: String, line: Int)?
    /// The message without the position that Lua put before it; nil if it had none.
    let message: String?
    let traceback: String
}

// Errors as values. Native errors are tables with the metatable of `installErrors`, placed at the first frame of the
// user's code when they are made; whatever else a script raises keeps its identity and gets place and traceback here.
extension LuaState {
    /// Pushes the value to raise for an error thrown by Swift.
    func pushError(_ error: any Error, place: String) {
        switch error {
        case let error as LuaError:
            if let value = error.value, (try? value.push(in: self)) != nil {
                // The frames that raised it are gone; what was noted of them goes on with the value.
                noted = NotedError(
                    address: lua_topointer(thread, -1), place: error.file.map { ($0, error.line ?? 0) },
                    message: error.message, traceback: error.traceback ?? traceback())
                return
            }
            pushErrorTable(error)
        case let error as RhoError:
            // Messages of argument checks name the function already; use after release names the class instead.
            let named = place.isEmpty || error.message.hasPrefix(place) || isReleaseSentence(error.message)
            let message = named ? error.message : "\(place): \(error.message)"
            pushErrorTable(LuaError(code: error.code, message: message, hint: error.hint))
        default:
            pushErrorTable(LuaError(code: .internal, message: "\(place): \(error)"))
        }
    }

    private func isReleaseSentence(_ message: String) -> Bool {
        classes.keys.contains { message.hasPrefix("\($0) was released at ") }
    }

    /// Pushes an error table placed at the first user frame, unless the error has a place of its own.
    func pushErrorTable(_ error: LuaError) {
        let file = error.file
        let place = file == nil ? userPlace() : nil
        lua_createtable(thread, 0, 6)
        let table = lua_gettop(thread)
        var fields: [(String, LuaValue)] = [
            ("code", .string(error.code.rawValue)), ("message", .string(error.message)),
            ("traceback", .string(error.traceback ?? traceback())),
        ]
        if let file = file ?? place?.file { fields.append(("file", .string(file))) }
        if let line = error.line ?? place?.line { fields.append(("line", .integer(line))) }
        if let hint = error.hint { fields.append(("hint", .string(hint))) }
        if let exitCode = error.exitCode { fields.append(("exit_code", .integer(exitCode))) }
        // Strings and numbers only: nothing here can fail to be pushed.
        for (name, value) in fields { try? setField(table, name, value) }
        rho_push_known_metatable(thread, Self.errorKey)
        lua_setmetatable(thread, -2)
    }

    /// Registry key of the error metatable: any address that is ours alone.
    static var errorKey: UnsafeRawPointer { UnsafeRawPointer(rho_error_key()) }

    /// Takes note of the error value on top of the stack, before its stack is unwound.
    func noteError() {
        let address = lua_topointer(thread, -1)
        if let noted, noted.address == address, address != nil { return }
        if lua_type(thread, -1) == LUA_TTABLE, isErrorTable(-1), case .string = field(-1, "traceback") {
            noted = nil
            return
        }
        var place = userPlace()
        var message: String?
        if let text = text(-1), let position = position(of: text) {
            message = position.message
            // An error inside a library keeps its own position in the sentence; the place is where the user called.
            if position.isUser { place = position.place } else { message = text }
        }
        noted = NotedError(address: address, place: place, message: message, traceback: traceback())
    }

    func isErrorTable(_ index: Int32) -> Bool {
        guard lua_getmetatable(thread, index) != 0 else { return false }
        rho_push_known_metatable(thread, Self.errorKey)
        defer { rho_pop(thread, 2) }
        return lua_rawequal(thread, -1, -2) != 0
    }

    /// Pops the error value of a failed call and makes it a Swift error.
    func popError(status: Int32) -> LuaError {
        let noted = self.noted
        self.noted = nil
        var error: LuaError
        if lua_type(thread, -1) == LUA_TTABLE, isErrorTable(-1) {
            error = readErrorTable(-1)
        } else if status == LUA_ERRMEM {
            error = LuaError(code: .memory, message: "not enough memory for the script")
        } else {
            error = LuaError(code: .script, message: message(ofForeign: -1))
            if let noted, noted.address == lua_topointer(thread, -1) {
                error.message = noted.message ?? error.message
                error.file = noted.place?.file
                error.line = noted.place?.line
                error.traceback = noted.traceback
            } else if let parsed = parsePosition(error.message) {
                (error.file, error.line, error.message) = (parsed.file, parsed.line, parsed.message)
            }
        }
        error.value = LuaReference(popping: thread, of: self)
        return error
    }

    private func readErrorTable(_ index: Int32) -> LuaError {
        let index = lua_absindex(thread, index)
        let code = field(index, "code").stringValue.flatMap(RhoError.Code.init(rawValue:)) ?? .script
        return LuaError(
            code: code, message: field(index, "message").stringValue ?? "error without a message",
            file: field(index, "file").stringValue, line: field(index, "line").intValue,
            hint: field(index, "hint").stringValue, traceback: field(index, "traceback").stringValue,
            exitCode: field(index, "exit_code").intValue)
    }

    /// A sentence for any value that a script may raise.
    private func message(ofForeign index: Int32) -> String {
        switch lua_type(thread, index) {
        case LUA_TSTRING, LUA_TNUMBER: return display(index)
        case LUA_TNIL: return "error without a value (error(nil))"
        case LUA_TTABLE:
            if let text = field(index, "message").stringValue { return text }
            fallthrough
        default:
            if luaL_getmetafield(thread, index, "__tostring") != LUA_TNIL {
                rho_pop(thread, 1)
                return display(index)
            }
            return "the script raised \(article(String(cString: lua_typename(thread, lua_type(thread, index)))))"
        }
    }

    /// Pushes the value that ends a script from outside its own control flow.
    func pushUnwindValue(reason: Int32) {
        switch Int(reason) {
        case Int(RHO_UNWIND_MEMORY):
            let limit = (sandbox?.memoryLimit ?? 0) >> 20
            pushErrorTable(
                LuaError(code: .memory, message: "the script needs more memory than its limit of \(limit) MiB"))
        case Int(RHO_UNWIND_TIME):
            pushErrorTable(LuaError(code: .interrupted, message: "the script has used up its time limit"))
        default:
            let name = signalName(rho_signals_received())
            pushErrorTable(LuaError(code: .interrupted, message: "interrupted\(name)"))
        }
    }

    private func signalName(_ signal: Int32) -> String {
        switch signal {
        case 2: " (Ctrl-C)"
        case 15: " by SIGTERM"
        case 10: " by SIGUSR1"
        default: ""
        }
    }
}
