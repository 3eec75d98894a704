import Glibc
import RhoCore
import Testing

/// The table of layers: what each target may import from this package. Arrows only point down.
private let allowedImports: [String: Set<String>] = [
    "RhoCore": ["CCrypto"],
    "RhoKernels": ["COpenBLAS"],
    "RhoText": ["RhoCore", "CPCRE2"],
    "RhoSelection": ["RhoCore"],
    "CLuaShims": ["CLua"],
    "CLandlock": [],
    "LuaRuntime": ["RhoCore", "CLua", "CLuaShims"],
    "RhoTensor": ["RhoCore", "RhoKernels"],
    "RhoData": ["RhoCore", "RhoText", "CZlib"],
    "RhoModels": ["RhoCore", "RhoKernels", "RhoTensor"],
    "RhoCheckpoint": ["RhoCore", "RhoTensor", "RhoModels", "RhoText"],
    "RhoTraining": ["RhoCore", "RhoTensor", "RhoModels", "RhoCheckpoint", "RhoText", "RhoData", "RhoSelection"],
    "RhoBindings": [
        "RhoCore", "RhoKernels", "RhoTensor", "RhoModels", "RhoCheckpoint", "RhoText", "RhoData", "RhoSelection",
        "RhoTraining", "LuaRuntime", "RhoStdlib", "CLandlock",
    ],
    "rhoscript": [
        "RhoCore", "RhoKernels", "RhoTensor", "RhoModels", "RhoCheckpoint", "RhoText", "RhoData", "RhoTraining",
        "RhoBindings", "LuaRuntime", "ArgumentParser", "CEdit",
    ],
    "rhoserve": ["RhoCore", "RhoKernels", "RhoCheckpoint", "RhoTraining", "FlyingFox"],
    "rhofuzz": [
        "ArgumentParser",
        "RhoTestSupport", "RhoCore", "RhoTensor", "RhoModels", "RhoText", "RhoData", "RhoCheckpoint", "RhoTraining",
        "RhoBindings", "LuaRuntime",
    ],
    "rhobench": [
        "ArgumentParser",
        "RhoCore", "RhoKernels", "RhoTensor", "RhoModels", "RhoCheckpoint", "RhoText", "RhoData", "RhoSelection",
        "RhoTraining", "RhoBindings", "LuaRuntime",
    ],
]

private let systemModules: Set<String> = ["Glibc", "Foundation", "FoundationEssentials", "Synchronization", "Swift"]

@Test("Every import points down the table of layers", arguments: allowedImports.keys.sorted())
func importsPointDown(target: String) throws {
    let allowed = try #require(allowedImports[target]).union(systemModules)
    for file in try SourceTree.files(under: "Sources/\(target)", suffix: ".swift") {
        for line in try SourceTree.lines(of: file) {
            guard let module = importedModule(line) else { continue }
            #expect(allowed.contains(module), "\(file) imports \(module), which is not below \(target)")
        }
    }
}

@Test("The table of layers names every target")
func tableIsComplete() throws {
    let system: Set<String> = ["CLua", "COpenBLAS", "CPCRE2", "CEdit", "CZlib", "CCrypto"]
    let folders = Set(try Files.list(SourceTree.root + "/Sources").map { Files.name(of: $0) })
    #expect(folders.subtracting(system) == Set(allowedImports.keys))
}

/// Files that call the C library for what `Files` does not offer, after asking `FileAccess` themselves.
private let ownFileCalls: Set<String> = [
    "Sources/RhoData/Store/Spool.swift", "Sources/RhoTraining/Run/MetricsLog.swift",
    "Sources/RhoTraining/Run/RunLock.swift", "Sources/RhoTraining/Store/FileCopy.swift",
    "Sources/RhoTraining/Sweep/CellProcess.swift",
]

@Test("Files are opened, made, moved and removed through RhoCore, which asks the sandbox")
func filesGoThroughRhoCore() throws {
    let calls = try Regex(
        #"(^|[ (=])(Glibc\.)?(open|fopen|opendir|creat|mkstemp|mkdtemp|mkdir|rmdir|rename|link|symlink|truncate|unlink)\("#
    )
    for layer in [
        "RhoText", "RhoSelection", "LuaRuntime", "RhoTensor", "RhoData", "RhoModels", "RhoCheckpoint", "RhoTraining",
        "RhoBindings",
    ] {
        for file in try SourceTree.files(under: "Sources/\(layer)", suffix: ".swift") where !ownFileCalls.contains(file)
        {
            for line in try SourceTree.lines(of: file) where !line.contains("func ") && !line.contains("//") {
                #expect(line.firstMatch(of: calls) == nil, "\(file): \(line)")
            }
        }
    }
}

@Test("Source files stay short: 400 lines at most", arguments: ["Sources", "Tests", "stdlib-lua", "experiments"])
func filesStayShort(folder: String) throws {
    for suffix in [".swift", ".lua", ".c", ".h"] {
        for file in try SourceTree.files(under: folder, suffix: suffix) where !file.contains("/meta/") {
            let count = try SourceTree.lines(of: file).count
            #expect(count <= 400, "\(file) has \(count) lines: split it by facet")
        }
    }
}

/// The module that `line` imports, or nil where it is no import.
private func importedModule(_ line: Substring) -> String? {
    var words = line.split(separator: " ")
    while let first = words.first, first.hasPrefix("@") || ["public", "package", "internal", "private"].contains(first)
    {
        words.removeFirst()
    }
    guard words.count >= 2, words[0] == "import" else { return nil }
    let name = words.count > 2 ? words[2] : words[1]
    return String(name.split(separator: ".")[0])
}
