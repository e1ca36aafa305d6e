// Where 'eg gateway create' puts it; read by nobody here.
