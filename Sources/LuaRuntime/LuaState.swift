import CLua
import CLuaShims
import RhoCore

/// One Lua interpreter with the host's rules: declared native functions, strict globals for user code, seeded
/// randomness, errors as values, interrupts, and a defined order of iteration: numbers ascend, then strings by bytes,
/// then false and true, then objects in the order of their creation.
///
/// A state and everything that came out of it belong to the thread that made it.
public final class LuaState {
    public struct Options {
        /// Seeds `math.random`.
        public var seed: UInt64
        /// Restrictions for scripts from others; nil for the user's own.
        public var sandbox: LuaSandbox?
        /// The script's arguments, its global `arg`.
        public var arguments: [String]
        /// Receives what `print` and `io.write` put out.
        public var output: (String) -> Void
        /// Keeps library and native frames in tracebacks.
        public var fullTraceback: Bool

        public init(
            seed: UInt64 = 0, sandbox: LuaSandbox? = nil, arguments: [String] = [], fullTraceback: Bool = false,
            output: @escaping (String) -> Void = { writeToStandardOutput($0) }
        ) {
            self.seed = seed
            self.sandbox = sandbox
            self.arguments = arguments
            self.fullTraceback = fullTraceback
            self.output = output
        }
    }

    /// The declarations of everything registered here.
    public let catalog = LuaCatalog()
    /// Names the content of objects whose class does not, for fingerprints of functions that capture them; nil where the
    /// content has no name.
    public var objectFingerprint: ((AnyObject) throws -> String?)?
    /// The embedding program's session object, for the bodies of declared functions.
    public var host: AnyObject?
    public var output: (String) -> Void
    public var fullTraceback: Bool
    /// State of `math.random`, for checkpoints.
    public var random: LuaRandom
    public let sandbox: LuaSandbox?

    /// The running thread: the main thread, or the coroutine that called into Swift. Set on every call; no access to it
    /// ever spans another.
    @exclusivity(unchecked) var thread: OpaquePointer
    let main: OpaquePointer
    /// What objects that the state owns refer to it by.
    public private(set) lazy var link = LuaStateLink(self)
    private(set) var isClosed = false
    /// Keeps alive what light userdata in Lua closures point to.
    var bound: [BoundFunction] = []
    var classes: [String: BoundClass] = [:]
    var classOfType: [UnsafeRawPointer: BoundClass] = [:]
    var modules = ModuleLoader()
    /// What `rho.globals` is.
    var globalsProxy: LuaTable?
    var globalsAddress: UnsafeRawPointer?
    /// The globals of embedded modules.
    var libraryGlobals: LuaTable?
    let initialSeed: UInt64
    /// Place and frames of the error that is on its way out, noted while its stack still stood.
    var noted: NotedError?
    /// Nested protected calls from Swift; an unwinding ends when the outermost one returns.
    var depth = 0
    /// Names of Lua's own functions by address, for fingerprints.
    var standardNames: [UnsafeRawPointer: String] = [:]

    public init(_ options: Options = Options()) throws(RhoError) {
        output = options.output
        fullTraceback = options.fullTraceback
        sandbox = options.sandbox
        initialSeed = options.seed
        random = LuaRandom(seed: options.seed)
        guard let L = rho_host_open(RhoCallbacks.standard) else {
            throw RhoError(.memory, "cannot create a Lua state: out of memory")
        }
        main = L
        thread = L
        rho_host_set_owner(L, Unmanaged.passUnretained(self).toOpaque())
        rho_install_base(L)
        try noteStandardNames()
        try installBase()
        if let sandbox { try install(sandbox) }
        try setArguments(options.arguments)
        try installStrictGlobals()
        try registerHostModule()
    }

    deinit {
        link.state = nil
        close()
    }

    /// Ends the state: finalizers run, references become invalid. Happens by itself with the last reference; does
    /// nothing while a script runs.
    public func close() {
        if isClosed || depth > 0 { return }
        isClosed = true
        rho_host_close(main)
    }

    /// Makes a module available to `require`, and its declarations to manual and help.
    public func register(_ module: LuaModuleDeclaration) throws(RhoError) {
        catalog.add(module)
        for item in module.classes { try register(item.bind()) }
        try modules.cache?.set(module.name, .table(try makeModule(module)))
        modules.natives.append(module.name)
    }

    private func makeModule(_ module: LuaModuleDeclaration) throws(RhoError) -> LuaTable {
        try needStack(8)
        rho_newtable(thread)
        for function in module.functions {
            pushFunction(
                BoundFunction(
                    function.name, function.parameters, variadic: function.variadic, state: self,
                    body: .function(function.body)))
            setFieldFromTop(-2, function.key)
        }
        for constant in module.constants { try setField(-1, constant.name, LuaValue(constant.value)) }
        return LuaTable(popping: thread, of: self)
    }

    /// Adds an embedded Lua module. Its frames are passed over when errors are placed; with `strict`, its globals are
    /// guarded like those of user code.
    public func addLibrary(name: String, source: String, strict: Bool = false) {
        modules.libraries[name] = Library(source: source, strict: strict)
    }

    /// Bytes of Lua's heap, bytes that boxed objects report, their peak, and the number of boxes.
    public var memory: (heap: Int, external: Int, externalPeak: Int, objects: Int) {
        (
            rho_memory_used(main), Int(rho_external_bytes(main)), Int(rho_external_peak(main)),
            Int(rho_object_count(main))
        )
    }

    /// Tunes the pressure of outside memory on the collector: a step every `batch` bytes, a full collection above
    /// `soft`.
    public func setMemoryPressure(batch: Int, soft: Int) { rho_external_limits(main, Int64(batch), Int64(soft)) }

    /// Runs a full collection.
    public func collectGarbage() { rho_collect_garbage(thread) }

    func needStack(_ slots: Int) throws(RhoError) {
        if lua_checkstack(thread, Int32(slots)) == 0 {
            throw RhoError(.script, "stack overflow: no room for \(slots) more values on Lua's stack")
        }
    }
}

/// Writes text to standard output at once.
public func writeToStandardOutput(_ text: String) {
    var text = text
    text.withUTF8 { rho_write_stdout($0.baseAddress, $0.count) }
}
