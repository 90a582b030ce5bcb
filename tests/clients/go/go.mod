module hearth/tests/clients/go

go 1.19
