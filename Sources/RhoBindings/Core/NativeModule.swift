/// The Lua module `rho.native`: all native modules as one table.
enum NativeModule {
    static let source = """
        local host = require "rho.host"
        local rho = {}
        for _, name in ipairs {
          "analysis", "data", "eval", "json", "model", "optim", "dry", "random", "run", "select", "store", "tensor", "tokenizer",
        } do
          rho[name] = require("rho.native." .. name)
        end
        for name, value in pairs(require "rho.native.core") do rho[name] = value end
        for _, name in ipairs(rho.select.column_names()) do rho.select[name] = rho.select.column(name) end
        rho.declare, rho.declare_class, rho.fail = host.declare, host.declare_class, host.fail
        rho.suggestion, rho.help = host.suggestion, host.help
        return rho
        """
}
