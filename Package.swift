// swift-tools-version: 6.1
import PackageDescription

// RHO_MARCH names the processor that RhoKernels is compiled for. "native" suits a build that stays on this machine;
// "x86-64-v3" (AVX2 and FMA) suits a binary that travels. The program checks its processor when it starts.
let march = Context.environment["RHO_MARCH"] ?? "native"

/// One library target per layer. The arrows only point down this list; ArchitectureTests holds them to it.
let layers: [(name: String, uses: [Target.Dependency])] = [
    ("RhoCore", ["CCrypto"]),
    ("RhoKernels", ["COpenBLAS"]),
    ("RhoText", ["RhoCore", "CPCRE2"]),
    ("RhoSelection", ["RhoCore"]),
    ("LuaRuntime", ["RhoCore", "CLua", "CLuaShims"]),
    ("RhoTensor", ["RhoCore", "RhoKernels"]),
    ("RhoData", ["RhoCore", "RhoText", "CZlib"]),
    ("RhoModels", ["RhoTensor"]),
    ("RhoCheckpoint", ["RhoModels", "RhoText"]),
    ("RhoTraining", ["RhoCheckpoint", "RhoData", "RhoSelection"]),
    ("RhoBindings", ["RhoTraining", "LuaRuntime", "RhoStdlib", "CLandlock"]),
]

/// What `name` can see: its direct dependencies and everything below them. Each target lists all of it, because the build
/// does not notice a changed module that a target imports without listing.
func below(_ name: String) -> [Target.Dependency] {
    var found: [Target.Dependency] = []
    var names: Set<String> = []
    func visit(_ name: String) {
        for dependency in layers.first(where: { $0.name == name })?.uses ?? [] {
            guard case .byNameItem(let next, _) = dependency, names.insert(next).inserted else { continue }
            found.append(dependency)
            visit(next)
        }
    }
    visit(name)
    return found
}

/// Targets whose sources get their own compiler settings.
let kernelSettings: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(march)"])]

let package = Package(
    name: "rhoscript",
    products: [.executable(name: "rhoscript", targets: ["rhoscript"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLuaShims", dependencies: ["CLua"]),
        .target(name: "CLandlock"),
        .target(
            name: "RhoStdlib", path: "stdlib-lua", exclude: ["meta"], sources: ["RhoStdlib.swift"],
            resources: [.embedInCode("rho")]),
        .executableTarget(
            name: "rhoscript",
            dependencies: ["RhoBindings", "CEdit", .product(name: "ArgumentParser", package: "swift-argument-parser")]
                + below("RhoBindings")),
        .executableTarget(
            name: "rhoserve",
            dependencies: ["RhoTraining", .product(name: "FlyingFox", package: "FlyingFox")] + below("RhoTraining")),
        .executableTarget(
            name: "rhofuzz",
            dependencies: [
                "RhoBindings", "RhoTestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
                + below("RhoBindings")),
        .executableTarget(
            name: "rhobench",
            dependencies: ["RhoBindings", .product(name: "ArgumentParser", package: "swift-argument-parser")]
                + below("RhoBindings")),
    ]
        + layers.map { layer in
            .target(
                name: layer.name, dependencies: below(layer.name),
                swiftSettings: layer.name == "RhoKernels" ? kernelSettings : [])
        }
        + layers.map {
            .testTarget(
                name: $0.name + "Tests",
                dependencies: [.target(name: $0.name), "RhoTestSupport"] + below($0.name),
                exclude: $0.name == "RhoBindings" ? ["lua"] : [])
        }
        + [
            .target(
                name: "RhoTestSupport", dependencies: ["RhoCore", "CCrypto", "CZlib"], path: "Tests/RhoTestSupport"),
            .testTarget(
                name: "CommandLineTests",
                dependencies: ["rhoscript", "rhoserve", "rhofuzz", "RhoTestSupport"] + below("RhoBindings")),
            .testTarget(
                name: "ArchitectureTests", dependencies: ["RhoTestSupport", "RhoBindings"] + below("RhoBindings")),
        ],
    swiftLanguageModes: [.v6]
)
