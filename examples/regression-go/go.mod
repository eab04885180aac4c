module regression

go 1.24
