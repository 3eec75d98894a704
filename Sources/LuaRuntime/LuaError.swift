import RhoCore

/// An error that came out of a script, or one that goes back into it.
///
/// `description` is `file:line: message`, where file and line are those of the first frame of the user's own code:
/// frames of embedded library modules and of native functions are passed over.
public struct LuaError: Error, CustomStringConvertible {
    public var code: RhoError.Code
    /// The sentence, without the place.
    public var message: String
    public var file: String?
    public var line: Int?
    public var hint: String?
    /// The user's frames, one a line, innermost first; with ``LuaState/fullTraceback`` also library and native frames.
    public var traceback: String?
    /// The status that the script passed to `os.exit`; nil for every other error.
    public var exitCode: Int?
    /// The value that was raised. Throwing this error into the same state raises that value again.
    public var value: LuaReference?

    public init(
        code: RhoError.Code, message: String, file: String? = nil, line: Int? = nil, hint: String? = nil,
        traceback: String? = nil, exitCode: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.file = file
        self.line = line
        self.hint = hint
        self.traceback = traceback
        self.exitCode = exitCode
    }

    public init(_ error: RhoError) {
        self.init(code: error.code, message: error.message, hint: error.hint)
    }

    public var description: String {
        guard let file else { return message }
        guard let line, line > 0 else { return "\(file): \(message)" }
        return "\(file):\(line): \(message)"
    }

    /// The error for layers that know no Lua: code, `file:line: message`, hint.
    public var rhoError: RhoError { RhoError(code, description, hint: hint) }
}
