import LuaRuntime
import RhoCore

/// What stands for the documents that a Lua function makes, so that they need not be made again to be recognised.
enum FunctionRecipe {
    /// The version that the script states, else the function's code and what it captures.
    ///
    /// nil where neither says it all: the code names io, os or a loader and may read what nobody sees, or it captures
    /// something without a fingerprint. The documents then are made and hashed each time.
    static func key(of function: LuaFunction, version: String?) -> String? {
        if let version { return "version \(version)" }
        guard let identity = try? function.identity(), identity.outside.isEmpty else { return nil }
        return "code \(identity.hash)"
    }
}
