import LuaRuntime

extension Host {
    /// The LuaCATS stubs of the whole Lua interface, for editors.
    public static func editorStubs() throws -> String { Manual(catalog: try catalog()).stubs }

    /// 0.1.0
    public static var versionNumber: String { Version.text }
}
