import RhoCore

/// What the program is called, which version it is, and what it is made of.
package enum Version {
    package static let text = "0.1.0"

    /// The compiler, the interpreter and the libraries.
    package static var parts: [String] { ["Lua 5.4", "Swift \(swift)"] }

    private static var swift: String {
        #if compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }
}
